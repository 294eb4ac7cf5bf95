/**
 * `deno task reference`: runs topologies at random through Kafka Streams and through this engine, and compares. See `--help`.
 *
 * @module
 */
import { parseCases } from "../tests/reference/case.ts";
import { compareCase, compareTopology } from "../tests/reference/compare.ts";
import { type JavaReference, startReference } from "../tests/reference/java_reference.ts";
import { topologyNames } from "../tests/reference/topologies.ts";
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { choice, integer, text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { messageOf, ScriptError } from "./support/errors.ts";

interface Flags {
  readonly seed?: number;
  readonly cases: number;
  readonly case?: number;
  readonly topology: string;
  readonly events?: string;
  readonly rocksdb: boolean;
  readonly describe: boolean;
}

/** The task and its flags. */
export const REFERENCE: Program<Flags> = {
  name: "reference",
  task: true,
  description:
    "Feeds the same records, made at random, to Kafka Streams (its TopologyTestDriver; Java 17 or newer with javac, and Maven) and " +
    "to this engine, and compares what comes out to the record: keys, values, timestamps, headers and order; and the " +
    "topologies' descriptions. Prints the first difference of each topology with the fewest events that show it.",
  prefix: false,
  flags: {
    seed: {
      value: "<number>",
      text: "what is made at random",
      parse: integer(),
      defaultText: "another one each time",
    },
    cases: {
      value: "<number>",
      text: "how many cases a topology",
      parse: integer({ min: 1, max: 1_000_000 }),
      default: 200,
    },
    case: { value: "<number>", text: "only the case of this number", parse: integer({ max: 1_000_000_000 }) },
    topology: {
      value: "<name>",
      text: `which, or all; one of: ${topologyNames.join(", ")}`,
      parse: choice("all", ...topologyNames),
      default: "all",
    },
    events: {
      value: "<file>",
      text: "the cases of a file, as a difference prints them, instead of random ones",
      parse: text("a file"),
    },
    rocksdb: toggle("Kafka Streams keeps all state in RocksDB, not only that of joins: slower"),
    describe: toggle("print Kafka Streams' descriptions of the topologies and compare nothing"),
  },
  sections: [{
    title: "Exit codes",
    rows: [["0", "nothing differs"], ["1", "something does"], ["2", "wrong flags"]],
  }],
};

async function main(args: readonly string[]): Promise<number> {
  const options = parseArguments(REFERENCE, args);
  const names = options.topology === "all" ? topologyNames : [options.topology];
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
  options: Flags,
): Promise<number> {
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const [from, count] = options.case === undefined ? [0, options.cases] : [options.case, 1];
  say(`seed ${seed}`);
  const differing: string[] = [];
  for (const name of names) {
    const { cases, events, outputs, failed, difference } = await compareTopology(
      reference,
      name,
      seed,
      from,
      count,
      options.rocksdb ? "rocksdb" : undefined,
    );
    say(
      `${name}: ${cases} cases, ${events} events, ${outputs} outputs${
        failed === 0 ? "" : `, ${failed} cases ended in an error on both sides`
      }${difference === undefined ? ", no difference" : ""}`,
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

if (import.meta.main) Deno.exit(await runProgram("reference", () => main(Deno.args)));
