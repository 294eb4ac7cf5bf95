/**
 * `deno task test`: all tests, with a Kafka broker of their own. See `--help`.
 *
 * @module
 */
import { relative, resolve } from "@std/path";
import { readCommandLine } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { type Broker, startBroker } from "./kafka.ts";
import { exists } from "./support/cache.ts";
import { messageOf, ScriptError } from "./support/errors.ts";
import { listTests, parseSummary, type Summary, withoutColors } from "./support/test_summary.ts";

interface Flags {
  readonly unit: boolean;
}

/** The task and its flags. */
export const TEST: Program<Flags> = {
  name: "test",
  task: true,
  description:
    "Runs all tests, in parallel and in random order, and the examples in the documentation comments, in README.md and in docs. The tests in " +
    "tests/integration need a Kafka broker: the one that KAFKA_BROKERS names, else one is started for them on a free port " +
    "and removed afterwards (Java 17 or newer and Maven, or Docker). Exits with 0 when all pass, else 1.",
  prefix: false,
  rest: "[paths] [flags of deno test]",
  passesOn: true,
  flags: { unit: toggle("only those that need nothing beside Deno: no broker, no Java, helm or terraform") },
  sections: [{
    title: "Passed on to deno test",
    rows: [
      ["paths", "only these, such as tests/game"],
      ["--shuffle=SEED", "the order of an earlier run"],
      ["--filter NAME", "only the tests whose names have this; and all other flags of deno test"],
    ],
  }],
};

const ROOT = resolve(import.meta.dirname!, "..");
const INTEGRATION = "tests/integration";

/** Tests that need a program beside Deno, other than a broker's. */
const TOOLS = ["tests/tools/charts/helm_test.ts", "tests/tools/terraform"];

/** What is tested when no paths are given. */
const DEFAULT_PATHS = ["tests", "examples", "src", "mod.ts", "README.md", "docs"];

async function main(args: readonly string[]): Promise<number> {
  const { flags: { unit }, rest: forwarded } = readCommandLine(TEST, args);
  const paths: string[] = [];
  for (const arg of forwarded) if (!arg.startsWith("-") && (await exists(arg))) paths.push(arg);
  const external = Deno.env.get("KAFKA_BROKERS");
  const integration = await listTests(resolve(ROOT, INTEGRATION));
  const wanted = !unit && integration.length > 0 && (paths.length === 0 || paths.some(holdsIntegrationTests));

  let broker: Broker | undefined;
  let unavailable: string | undefined;
  if (wanted && !external) {
    try {
      broker = await startBroker({ report: progress });
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      unavailable = messageOf(error);
    }
  }
  const skipped = unit || unavailable !== undefined;
  const ignore = [...(skipped ? [INTEGRATION] : []), ...(unit ? TOOLS : [])];
  // deno test runs a file that is named, also when it is ignored.
  const left = (arg: string): boolean => !(paths.includes(arg) && ignore.some((path) => isIn(arg, path)));
  const nothingLeft = paths.length > 0 && !paths.some(left);
  let summary: Summary = { passed: 0, failed: 0, ignored: 0 };
  try {
    if (!nothingLeft) {
      summary = await runTests({
        forwarded: forwarded.filter(left),
        paths: paths.filter(left),
        brokers: skipped ? "" : broker?.bootstrap ?? external ?? "",
        ignore,
        anyHost: Boolean(external) && !skipped,
      });
    }
  } finally {
    await broker?.wipe();
  }
  if (unit) {
    say(
      `Skipped with --unit: the tests in the ${integration.length} files of ${INTEGRATION}, and of helm and terraform`,
    );
  }
  if (unavailable !== undefined) {
    progress(`error: ${unavailable}`);
    say(`Skipped without a broker (deno task test --unit leaves them out on purpose):`);
    for (const file of integration) say(`  ${relative(ROOT, file)}`);
  }
  if (summary.ignored > 0) say(`${summary.ignored} ignored`);
  say(`${summary.passed} passed, ${summary.failed} failed`);
  return summary.failed === 0 && unavailable === undefined ? 0 : 1;
}

/** Whether a path is that file or folder of the repository, or in it. */
function isIn(path: string, folder: string): boolean {
  return !relative(resolve(ROOT, folder), resolve(path)).startsWith("..");
}

/** Whether a path is in the folder of the integration tests, or holds it. */
function holdsIntegrationTests(path: string): boolean {
  return isIn(path, INTEGRATION) || !relative(resolve(path), resolve(ROOT, INTEGRATION)).startsWith("..");
}

interface Run {
  readonly forwarded: readonly string[];
  readonly paths: readonly string[];
  /** For `KAFKA_BROKERS`. */
  readonly brokers: string;
  readonly ignore: readonly string[];
  /** Whether tests may reach other hosts than this one, as the broker is somewhere else. */
  readonly anyHost: boolean;
}

/** Runs `deno test`, passing its output on. */
async function runTests(run: Run): Promise<Summary> {
  const args = ["test", ...permissions(run.anyHost)];
  if (!run.forwarded.some((arg) => arg.startsWith("--shuffle"))) {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    say(`In random order; the same order again: deno task test --shuffle=${seed}`);
    args.push(`--shuffle=${seed}`);
  }
  args.push("--parallel", "--doc", ...run.ignore.map((path) => `--ignore=${path}`), ...run.forwarded);
  if (run.paths.length === 0) {
    for (const path of DEFAULT_PATHS) if (await exists(resolve(ROOT, path))) args.push(path);
  }
  const color: Record<string, string> = Deno.stdout.isTerminal() && !Deno.noColor ? { FORCE_COLOR: "1" } : {};
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: run.paths.length === 0 ? ROOT : undefined,
    env: { ...color, KAFKA_BROKERS: run.brokers },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stop = (): void => {
    try {
      child.kill("SIGTERM");
    } catch (error) {
      // It has ended by itself: the terminal sends Ctrl-C to it as well.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await writeAll(chunk);
    // The summary is at the end.
    text = (text + decoder.decode(chunk, { stream: true })).slice(-20_000);
  }
  const { code } = await child.status;
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, stop);
  return parseSummary(withoutColors(text), code);
}

/** Tests reach this machine only, unless they use a broker elsewhere. */
function permissions(anyHost: boolean): string[] {
  if (!anyHost) return ["-P=tests"];
  return ["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys", "--allow-net"];
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(await runProgram("test", () => main(Deno.args)));
