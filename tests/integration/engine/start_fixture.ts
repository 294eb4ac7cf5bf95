import { brokers } from "../kafka/broker.ts";

/** A program of `fixtures` as a process. */
export interface Fixture {
  readonly child: Deno.ChildProcess;
  /** What it writes to stderr, once it has ended. */
  readonly said: Promise<string>;
}

/** Starts a program of `fixtures` against the broker of the tests. */
export function startFixture(file: string, flags: Readonly<Record<string, string>>): Fixture {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-P=streams",
      new URL(`fixtures/${file}`, import.meta.url).pathname,
      ...Object.entries(flags).map(([key, value]) => `--${key}=${value}`),
    ],
    env: { KAFKA_BROKERS: brokers().join(","), NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  return { child, said: new Response(child.stderr).text() };
}
