/**
 * `deno task bench:bombs`: what crafted schemas, messages and answers of a registry take until they are answered.
 *
 * @module
 */
import process from "node:process";
import { parseArguments } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import type { Program } from "../src/cli/program.ts";
import { answerOf, BOMBS } from "./support/bombs.ts";
import { say } from "./support/kafka.ts";

/** The task; it has no flags. */
export const BENCH_BOMBS: Program<Record<never, never>> = {
  name: "bench:bombs",
  task: true,
  description:
    "Reads what is made to take time or memory without end, and prints what it took: milliseconds of CPU, megabytes " +
    "of the process by which it grew, and the answer. Exit code 1 when one is answered by other than its limit.",
  flags: {},
};

if (import.meta.main) await main("bench:bombs", () => run(Deno.args));

async function run(args: readonly string[]): Promise<number> {
  parseArguments(BENCH_BOMBS, args);
  // The libraries are loaded, and the first of all that is read is not measured.
  for (const { prepare } of BOMBS) await answerOf(prepare());
  let wrong = 0;
  for (const { name, prepare, answer } of BOMBS) {
    const read = prepare();
    const { rss } = Deno.memoryUsage();
    const begun = process.cpuUsage();
    const { text, error } = await answerOf(read);
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1000;
    const mb = Math.max(0, Deno.memoryUsage().rss - rss) / 1_000_000;
    const right = answer.test(text);
    if (!right) wrong++;
    const what = right ? error?.name ?? "read" : `WRONG: ${text}`;
    say(`${name.padEnd(48)} ${ms.toFixed(1).padStart(8)} ms ${mb.toFixed(0).padStart(4)} MB  ${what}`);
  }
  return wrong === 0 ? EXIT.ok : EXIT.failure;
}
