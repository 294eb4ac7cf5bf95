/**
 * `deno task reference`: runs topologies at random through Kafka Streams and through this engine, and compares. See `--help`.
 *
 * @module
 */
import { Command } from "commander";
import { parseCases } from "../tests/reference/case.ts";
import { compareCase, compareTopology } from "../tests/reference/compare.ts";
import { type JavaReference, startReference } from "../tests/reference/java_reference.ts";
import { topologyNames } from "../tests/reference/topologies.ts";
import { progress, runCommand, say, wholeNumber } from "./support/cli.ts";
import { messageOf, ScriptError } from "./support/errors.ts";

const command = new Command("deno task reference")
  .description(
    `Feeds the same records, made at random, to Kafka Streams (its TopologyTestDriver; Java 17 or newer with javac, and Maven) and
to this engine, and compares what comes out to the record: keys, values, timestamps, headers and order; and the
topologies' descriptions. Prints the first difference of each topology with the fewest events that show it.`,
  )
  .option(
    "--seed <number>",
    "what is made at random (default: another one each time)",
    wholeNumber(0, 2 ** 53 - 1),
  )
  .option("--cases <number>", "how many cases a topology", wholeNumber(1, 1_000_000), 200)
  .option("--case <number>", "only the case of this number", wholeNumber(0, 1_000_000_000))
  .option("--topology <name>", `which, or all; one of: ${topologyNames.join(", ")}`, "all")
  .option("--events <file>", "the cases of a file, as a difference prints them, instead of random ones")
  .option("--rocksdb", "Kafka Streams keeps all state in RocksDB, not only that of joins: slower")
  .option("--describe", "print Kafka Streams' descriptions of the topologies and compare nothing")
  .addHelpText("after", "\nExits with 0 when nothing differs, 1 when something does, 2 for wrong flags.");

interface Options {
  readonly seed?: number;
  readonly cases: number;
  readonly case?: number;
  readonly topology: string;
  readonly events?: string;
  readonly rocksdb?: boolean;
  readonly describe?: boolean;
}

async function main(parsed: Command): Promise<number> {
  const options = parsed.opts<Options>();
  const names = options.topology === "all" ? topologyNames : [options.topology];
  if (!topologyNames.includes(names[0]!)) {
    throw new ScriptError(
      `Cannot compare a topology: received "${options.topology}"; there are ${
        topologyNames.join(", ")
      }, and all`,
    );
  }
  const reference = await startReference({ report: progress });
  try {
    if (options.describe) {
      for (const name of names) say(`${name}\n${await reference.describe(name)}\n`);
      return 0;
    }
    if (options.events !== undefined) return await compareFile(reference, options.events);
    return await compareAtRandom(reference, names, options);
  } finally {
    await reference.stop();
  }
}

async function compareFile(reference: JavaReference, file: string): Promise<number> {
  let cases;
  try {
    cases = parseCases(await Deno.readTextFile(file));
  } catch (error) {
    throw new ScriptError(`Cannot take the events of ${file}: ${messageOf(error)}`, { cause: error });
  }
  const unknown = cases.find(({ topology }) => !topologyNames.includes(topology));
  if (unknown !== undefined) {
    throw new ScriptError(
      `Cannot take the events of ${file}: received the topology "${unknown.topology}"; there are ${
        topologyNames.join(", ")
      }`,
    );
  }
  let differences = 0;
  for (const each of cases) {
    const difference = await compareCase(reference, each);
    if (difference === undefined) continue;
    differences++;
    say(difference);
  }
  say(`${cases.length} cases, ${differences} differ`);
  return differences === 0 ? 0 : 1;
}

async function compareAtRandom(
  reference: JavaReference,
  names: readonly string[],
  options: Options,
): Promise<number> {
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const [from, count] = options.case === undefined ? [0, options.cases] : [options.case, 1];
  say(`seed ${seed}`);
  const differing: string[] = [];
  for (const name of names) {
    const { cases, events, outputs, difference } = await compareTopology(
      reference,
      name,
      seed,
      from,
      count,
      options.rocksdb ? "rocksdb" : undefined,
    );
    say(
      `${name}: ${cases} cases, ${events} events, ${outputs} outputs${
        difference === undefined ? ", no difference" : ""
      }`,
    );
    if (difference === undefined) continue;
    differing.push(name);
    say(difference);
  }
  say(
    differing.length === 0
      ? `${names.length} topologies, no difference`
      : `${names.length} topologies, ${differing.length} differ: ${differing.join(", ")}`,
  );
  return differing.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runCommand(command, main, Deno.args));
