import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Command } from "commander";
import { command, flag, logLevelFlag, parseArguments, toggle, UsageError } from "../../src/cli/command.ts";
import { integer, rate } from "../../src/cli/parsers.ts";

interface Flags {
  readonly rate: number;
  readonly testCount?: number;
  readonly json: boolean;
  readonly logLevel: string;
}

function sample(env: string): Command {
  return command("sample", "A sample.", "1.2.3")
    .addOption(flag("--rate <records/s>", "how fast", { parse: rate(), default: 1000, env }))
    .addOption(flag("--test-count <n>", "how many", { parse: integer({ min: 1 }) }))
    .addOption(toggle("--json", "as JSON", `${env}_JSON`))
    .addOption(logLevelFlag());
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
  assertEquals(parseArguments<Flags>(sample("TEST_A"), []), { rate: 1000, json: false, logLevel: "info" });
  withEnv({ TEST_B: "5", TEST_B_JSON: "true" }, () => {
    assertEquals(parseArguments<Flags>(sample("TEST_B"), ["--log-level", "warn"]), {
      rate: 5,
      json: true,
      logLevel: "warn",
    });
    assertEquals(parseArguments<Flags>(sample("TEST_B"), ["--rate", "max"]).rate, Infinity);
  });
});

Deno.test("flags: a toggle's variable can say false, and the flag can too", () => {
  withEnv({ TEST_C_JSON: "false" }, () => {
    assertEquals(parseArguments<Flags>(sample("TEST_C"), []).json, false);
    assertEquals(parseArguments<Flags>(sample("TEST_C"), ["--json"]).json, true);
  });
  assertEquals(parseArguments<Flags>(sample("TEST_C"), ["--json=false"]).json, false);
});

Deno.test("flags: an empty variable is as good as none", () => {
  withEnv({ TEST_D: "" }, () => assertEquals(parseArguments<Flags>(sample("TEST_D"), []).rate, 1000));
});

Deno.test("flags: an error names the flag, what was received and what is allowed", () => {
  const error = assertThrows(() => parseArguments(sample("TEST_E"), ["--rate", "fast"]), UsageError);
  assertEquals(
    error.message,
    "option '--rate <records/s>' argument 'fast' is invalid. Expected a number from 0 on, or \"max\" for as fast as it goes. " +
      "(sample --help lists all flags)",
  );
});

Deno.test("flags: an error in a variable names the variable", () => {
  withEnv({ TEST_F: "fast", KOS_TEST_COUNT: "3" }, () => {
    const error = assertThrows(() => parseArguments(sample("TEST_F"), []), UsageError);
    assertStringIncludes(error.message, "value 'fast' from env 'TEST_F' is invalid. Expected");
    assertEquals(parseArguments<Flags>(sample("TEST_G"), []).testCount, 3);
  });
});

Deno.test("flags: unknown flags, missing values and stray words are usage errors", () => {
  for (
    const [args, part] of [
      [["--rat", "5"], "unknown option '--rat'"],
      [["--rate"], "argument missing"],
      [["5000"], "too many arguments"],
    ] as const
  ) {
    const error = assertThrows(() => parseArguments(sample("TEST_H"), args), UsageError);
    assertStringIncludes(error.message, part);
  }
});

Deno.test("flags: --help lists defaults and variables", () => {
  const help = sample("KAFKA_TEST").helpInformation();
  for (
    const part of [
      "how fast (default: 1000, env: KAFKA_TEST)",
      "how many (env: KOS_TEST_COUNT)",
      "(default: info, env: KOS_LOG_LEVEL)",
    ]
  ) assertStringIncludes(help, part);
});
