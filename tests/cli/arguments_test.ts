import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments, readCommandLine, UsageError } from "../../src/cli/arguments.ts";
import { helpText } from "../../src/cli/help.ts";
import type { LogLevel } from "../../src/cli/log.ts";
import { integer, rate } from "../../src/cli/parsers.ts";
import { leaveOut, type Program, toggle } from "../../src/cli/program.ts";
import { LOG_LEVEL } from "../../src/cli/shared_flags.ts";

interface Flags {
  readonly rate: number;
  readonly testCount?: number;
  readonly json: boolean;
  readonly java: boolean;
  readonly values: readonly string[];
  readonly logLevel: LogLevel;
}

function sample(env: string, more: Partial<Program<Flags>> = {}): Program<Flags> {
  return {
    name: "sample",
    description: "A sample.",
    version: "1.2.3",
    flags: {
      rate: { value: "<records/s>", text: "how fast", parse: rate(), default: 1000, variable: env },
      testCount: { value: "<n>", text: "how many", parse: integer({ min: -1 }), excludes: ["json"] },
      json: toggle("as JSON", { variable: `${env}_JSON` }),
      java: leaveOut("without Java"),
      values: {
        short: "f",
        value: "<file>",
        text: "files",
        parse: (text) => [text],
        default: [],
        repeated: true,
        variable: false,
      },
      logLevel: LOG_LEVEL,
    },
    ...more,
  };
}

const DEFAULTS: Flags = { rate: 1000, json: false, java: true, values: [], logLevel: "info" };

function refused(program: Program<Flags>, ...args: string[]): string {
  return assertThrows(() => parseArguments(program, args), UsageError).message;
}

/** Sets variables for the time of a call. Names are this test's own, as the environment is shared by parallel tests. */
function withEnv(values: Record<string, string>, run: () => void): void {
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  try {
    run();
  } finally {
    for (const name of Object.keys(values)) Deno.env.delete(name);
  }
}

Deno.test("flags: defaults, command line over variable, variable over default", () => {
  assertEquals(parseArguments(sample("TEST_A"), []), DEFAULTS);
  withEnv({ TEST_B: "5", TEST_B_JSON: "true" }, () => {
    assertEquals(parseArguments(sample("TEST_B"), ["--log-level", "warn"]), {
      ...DEFAULTS,
      rate: 5,
      json: true,
      logLevel: "warn",
    });
    assertEquals(parseArguments(sample("TEST_B"), ["--rate", "max"]).rate, Infinity);
  });
});

Deno.test("flags: a toggle's variable can say false, and the flag can too", () => {
  withEnv({ TEST_C_JSON: "false" }, () => {
    assertEquals(parseArguments(sample("TEST_C"), []).json, false);
    assertEquals(parseArguments(sample("TEST_C"), ["--json"]).json, true);
  });
  assertEquals(parseArguments(sample("TEST_C"), ["--json=false"]).json, false);
});

Deno.test("flags: an empty variable is as good as none", () => {
  withEnv({ TEST_D: "" }, () => assertEquals(parseArguments(sample("TEST_D"), []).rate, 1000));
});

Deno.test("flags: an error names the flag, what was received and what is allowed", () => {
  assertEquals(
    refused(sample("TEST_E"), "--rate", "fast"),
    'Cannot use --rate: received "fast"; expected a number from 0 on, or "max" for as fast as it goes ' +
      "(sample --help lists all flags)",
  );
});

Deno.test("flags: an error in a variable names the variable", () => {
  withEnv({ TEST_F: "fast", KOS_TEST_COUNT: "3" }, () => {
    assertStringIncludes(refused(sample("TEST_F")), 'Cannot use TEST_F: received "fast"; expected');
    assertEquals(parseArguments(sample("TEST_G"), []).testCount, 3);
  });
});

Deno.test("flags: unknown flags, missing values and stray words are usage errors", () => {
  for (
    const [args, part] of [
      [["--rat", "5"], "Cannot use --rat: received an unknown flag; did you mean --rate?"],
      [["--tset-count=5"], "did you mean --test-count?"],
      [["--nothing-like-it"], "Cannot use --nothing-like-it: received an unknown flag (sample --help"],
      [["--api-key=secret"], "Cannot use --api-key: received an unknown flag (sample --help"],
      [["-x"], "Cannot use -x: received an unknown flag (sample --help"],
      [["-=_ ", "word"], "Cannot use -: received an unknown flag (sample --help"],
      [["word", "-_"], "Cannot use -_: received an unknown flag (sample --help"],
      [["--_=1", "-a_"], "Cannot use --_: received an unknown flag (sample --help"],
      [["--rate"], "Cannot use --rate <records/s>: received no value"],
      [["5000"], 'received "5000", which belongs to no flag'],
      [["--json", "5000"], 'received "5000", which belongs to no flag'],
      [["--", "--json"], 'received "--json", which belongs to no flag'],
      [["--no-java=true"], "Cannot use --no-java: received a value; it takes none"],
      [["--json=on"], 'Cannot use --json: received "on"; expected true or false'],
    ] as const
  ) assertStringIncludes(refused(sample("TEST_H"), ...args), part);
});

Deno.test("flags: a value may begin with a dash, and follow its flag with = or a space", () => {
  const read = (...args: string[]) => parseArguments(sample("TEST_I"), args);
  assertEquals([read("--test-count", "-1").testCount, read("--test-count=-1").testCount], [-1, -1]);
  assertEquals(read("--values", "--json", "-f", "a=b", "--values=", "-fc").values, [
    "--json",
    "a=b",
    "",
    "c",
  ]);
});

Deno.test("flags: of those that are repeated the last one counts, but all are checked", () => {
  assertEquals(parseArguments(sample("TEST_J"), ["--rate", "1", "--rate=2"]).rate, 2);
  assertStringIncludes(refused(sample("TEST_J"), "--rate", "x", "--rate=2"), '"x"');
});

Deno.test("flags: --no-… leaves out", () => {
  assertEquals(parseArguments(sample("TEST_K"), ["--no-java"]).java, false);
  assertEquals(parseArguments(sample("TEST_K"), ["--json", "false", "--no-java", "--java"]).java, true);
});

Deno.test("flags: two that exclude each other are refused, also where one is a variable", () => {
  assertStringIncludes(
    refused(sample("TEST_L"), "--test-count", "1", "--json"),
    "Cannot use --test-count with --json: received both; choose one",
  );
  withEnv({ TEST_M_JSON: "true" }, () => {
    assertStringIncludes(refused(sample("TEST_M"), "--test-count", "1"), "--test-count with TEST_M_JSON");
  });
  assertEquals(parseArguments(sample("TEST_L"), ["--test-count", "1", "--json=false"]).testCount, 1);
});

Deno.test("flags: words without a flag go to programs that take some", () => {
  const program = sample("TEST_W", { words: "<folder>" });
  const { flags, words, rest } = readCommandLine(program, ["here", "--rate", "5", "there", "--", "--json"]);
  assertEquals([flags.rate, words, rest], [5, ["here", "there", "--json"], ["--json"]]);
  assertThrows(() => readCommandLine(program, ["here", "--rat"]), UsageError, "did you mean --rate?");
  assertEquals(helpText(program, 80).split("\n")[0], "Usage: sample [options] <folder>");
});

Deno.test("flags: a program takes what stands behind --, where it says so", () => {
  const program = sample("TEST_O", { rest: "-- [flags of others]" });
  const { flags, rest } = readCommandLine(program, ["--json", "--", "--rate", "x"]);
  assertEquals([flags, rest], [{ ...DEFAULTS, json: true }, ["--rate", "x"]]);
  assertStringIncludes(refused(program, "now"), '"now"');
});

Deno.test("flags: a program passes on in their order all arguments that it does not know, where it says so", () => {
  const program = sample("TEST_P", { passesOn: true });
  const args = ["a.ts", "--filter", "x", "--rate=5", "-A", "--", "--json"];
  const { flags, rest } = readCommandLine(program, args);
  assertEquals([flags.rate, rest], [5, ["a.ts", "--filter", "x", "-A", "--", "--json"]]);
});

Deno.test("flags: a program that conceals repeats nothing that it received", () => {
  const program = sample("TEST_Q", { concealed: "none takes a key" });
  for (const args of [["--hush"], ["hush"], ["--rate", "hush"], ["--", "hush"], ["--x=hush"]]) {
    const message = refused(program, ...args);
    assertEquals(message.includes("hush"), false, message);
  }
  assertStringIncludes(refused(program, "hush"), "none takes a key");
});
