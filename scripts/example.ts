/**
 * `deno task example`: an application of `examples/`, or records for it. See `--help`.
 *
 * @module
 */
import { resolve } from "@std/path";
import { closestString } from "@std/text/closest_string";
import { readCommandLine, UsageError } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { type Program, toggle } from "../src/cli/program.ts";

interface Flags {
  readonly feed: boolean;
}

const ROOT = resolve(import.meta.dirname!, "..");
const NAMES = ["orders", "fraud", "clicks"];

/** The task and its flags. */
export const EXAMPLE: Program<Flags> = {
  name: "example",
  task: true,
  description: `Runs an application of examples/ on the Kafka that KAFKA_BROKERS names: ${
    NAMES.join(", ")
  }. Each has a README. deno task kafka starts a broker.`,
  prefix: false,
  rest: "<name> [flags of the application]",
  passesOn: true,
  flags: {
    feed: toggle("write records for the application, and show them with what it makes of them"),
  },
  sections: [{
    title: "For example",
    rows: [
      ["deno task example orders --window 10s", "the application"],
      ["deno task example orders --feed", "its records, in another terminal"],
      ["deno task example orders -- --help", "its own flags"],
    ],
  }],
};

/** What to run: the module of an example, and what it is told. */
export function exampleOf(args: readonly string[]): { readonly module: string; readonly args: string[] } {
  const { flags, rest } = readCommandLine(EXAMPLE, args);
  const [name, ...own] = rest.filter((arg) => arg !== "--");
  if (name === undefined || !NAMES.includes(name)) {
    const nearest = name === undefined ? "" : `; did you mean ${closestString(name, NAMES)}?`;
    throw new UsageError(
      `Cannot run an example: received ${name === undefined ? "no name" : JSON.stringify(name)}; ` +
        `there are ${NAMES.join(", ")}${nearest}`,
    );
  }
  if (flags.feed && own.length > 0) {
    throw new UsageError(
      `Cannot use the arguments: received ${own.join(" ")}, but --feed takes no flags of the application; ` +
        "leave them out",
    );
  }
  return { module: `examples/${name}/${flags.feed ? "feed" : "main"}.ts`, args: own };
}

/** Runs it with its own permissions. @returns Its exit code. */
async function main(args: readonly string[]): Promise<number> {
  const example = exampleOf(args);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=example", example.module, ...example.args],
    cwd: ROOT,
    stdin: "null",
  }).spawn();
  // The terminal sends Ctrl-C to the child itself; it is left to end in order.
  const end = (): void => child.kill("SIGTERM");
  const wait = (): void => {};
  Deno.addSignalListener("SIGTERM", end);
  Deno.addSignalListener("SIGINT", wait);
  const { code } = await child.status;
  Deno.removeSignalListener("SIGTERM", end);
  Deno.removeSignalListener("SIGINT", wait);
  return code;
}

if (import.meta.main) Deno.exit(await runProgram("example", () => main(Deno.args)));
