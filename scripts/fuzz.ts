/**
 * `deno task fuzz`: gives what reads bytes of others inputs that nobody has thought of. See `--help`.
 *
 * @module
 */
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { integer, InvalidValue } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { randomSeed } from "../src/game/random.ts";
import type { Finding } from "./fuzz/finding.ts";
import { closingLine, findingText, progressLine, table, writeFinding } from "./fuzz/report.ts";
import { type Result, runTarget } from "./fuzz/runner.ts";
import { TARGETS } from "./fuzz/targets/mod.ts";
import { messageOf } from "./support/errors.ts";
import { makeOutFolder } from "./support/out_folder.ts";

interface Flags {
  readonly minutes: number;
  readonly inputs?: number;
  readonly seed?: number;
  readonly target: readonly string[];
  readonly input?: string;
  readonly jobs: number;
  readonly out: string;
  readonly list: boolean;
}

/** The task and its flags. */
export const FUZZ: Program<Flags> = {
  name: "fuzz",
  task: true,
  description: [
    "Changes valid inputs of what reads bytes of others (records, schemas, answers, requests, arguments) by chance, keeps those " +
    "that reach new code, as V8's coverage tells, and changes them further. Each target has a process of its own.",
    "A finding is an error that is none of the target's own, an input that takes 2 s of CPU time or 400 MB, or a heap that " +
    "grows with the inputs. Its input is shortened and written below --out, with the command that shows it again.",
  ],
  prefix: false,
  flags: {
    minutes: {
      value: "<number>",
      text: "how long, for all targets together",
      parse: minutes,
      default: 1,
    },
    inputs: {
      value: "<number>",
      text: "the most inputs of a target",
      parse: integer({ min: 1 }),
      defaultText: "as many as fit into the time",
    },
    seed: {
      value: "<number>",
      text: "what chance chooses: the same seed makes the same inputs",
      parse: integer({ max: 2 ** 32 - 1 }),
      defaultText: "another one each time",
    },
    target: {
      value: "<name,…>",
      text: "only these targets",
      parse: targets,
      default: Object.keys(TARGETS),
      defaultText: "all",
    },
    input: {
      value: "<file>",
      text: "try only the bytes of this file, with one --target",
      parse: (text) => text,
    },
    jobs: {
      value: "<number>",
      text: "targets at the same time",
      parse: integer({ min: 1, max: 64 }),
      default: () => Math.max(1, navigator.hardwareConcurrency >> 1),
      defaultText: "half of the processors",
    },
    out: { value: "<folder>", text: "where findings go", parse: (text) => text, default: ".kos/fuzz" },
    list: toggle("print the targets and run none"),
  },
  sections: [{
    title: "Exit codes",
    rows: [["0", "nothing was found"], ["1", "something was"], ["2", "wrong flags"]],
  }],
};

/** Time between two lines of progress of one target, in ms. */
const TELL_EVERY_MS = 10_000;

function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 24 * 60) return value;
  throw new InvalidValue("expected a number up to 1440");
}

function targets(text: string): string[] {
  const names = text.split(",");
  if (names.every((name) => Object.hasOwn(TARGETS, name))) return names;
  throw new InvalidValue(`expected names of targets with commas between: ${Object.keys(TARGETS).join(", ")}`);
}

async function fuzz(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = parseArguments(FUZZ, args);
  if (options.list) {
    for (const name of Object.keys(TARGETS)) say(name);
    return 0;
  }
  const input = options.input === undefined ? undefined : await readInput(options.input, options.target);
  await makeOutFolder(options.out);
  const seed = options.seed ?? randomSeed();
  progress(`seed ${seed}`);
  const results = await runAll({ ...options, seed, input }, signal);
  say(table(results));
  say(closingLine(results, seed));
  return results.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

async function readInput(file: string, { length }: readonly string[]): Promise<string> {
  if (length !== 1) {
    throw new UsageError(
      `Cannot try one input: received --input with ${length} targets; name one by --target`,
    );
  }
  try {
    return (await Deno.readFile(file)).toBase64();
  } catch (error) {
    throw new UsageError(
      `Cannot read the input: received --input "${file}" (${messageOf(error)}); name a file of .kos/fuzz`,
      { cause: error },
    );
  }
}

type Settings = Omit<Flags, "seed" | "input"> & { readonly seed: number; readonly input: string | undefined };

/** Runs the targets, some at a time; each has its share of the time. */
async function runAll(settings: Settings, signal: AbortSignal): Promise<Result[]> {
  const { target: names, jobs } = settings;
  const ms = settings.minutes * 60_000 * Math.min(jobs, names.length) / names.length;
  const waiting = [...names];
  const results = new Map<string, Result>();
  const job = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      results.set(name, await runOne(name, ms, settings, signal));
    }
  };
  await Promise.all(Array.from({ length: jobs }, job));
  return names.map((name) => results.get(name)!);
}

async function runOne(target: string, ms: number, settings: Settings, signal: AbortSignal): Promise<Result> {
  const { seed, inputs = Number.MAX_SAFE_INTEGER, input, out } = settings;
  let told = performance.now();
  const writing: Promise<void>[] = [];
  const write = async (finding: Finding): Promise<void> => {
    const again = await writeFinding(out, target, finding, seed);
    progress(findingText(finding, target, again));
  };
  const order = { target, seed, until: Date.now() + ms, inputs, ...(input === undefined ? {} : { input }) };
  const result = await runTarget(order, (result, finding) => {
    if (finding !== undefined) writing.push(write(finding));
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    progress(progressLine(result));
  }, signal);
  await Promise.all(writing);
  progress(`${progressLine(result)}: done`);
  return result;
}

if (import.meta.main) await main("fuzz", (signal) => fuzz(Deno.args, signal));
