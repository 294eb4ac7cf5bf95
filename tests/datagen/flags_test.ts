import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments, UsageError } from "../../src/cli/arguments.ts";
import { GEN } from "../../src/datagen/flags.ts";

const parse = (...args: string[]) => parseArguments(GEN, args);

Deno.test("gen flags: defaults", () => {
  // The broker that the tests run on is named by its variable.
  const { brokers: _, ...flags } = parse();
  assertEquals(flags, {
    rate: 1000,
    topicPrefix: "",
    waitForBroker: 60_000,
    within: 60_000,
    partitions: 4,
    compression: "none",
    deliveryTimeout: 600_000,
    stallTimeout: 60_000,
    controlPort: 9011,
    controlHost: "127.0.0.1",
    metricsPort: "off",
    metricsHost: "0.0.0.0",
    json: false,
    logLevel: "info",
  });
});

Deno.test("gen flags: values", () => {
  const flags = parse("--rate=max", "--duration", "1m30s", "--count=5", "--machines=fallback", "--json");
  assertEquals(
    [flags.rate, flags.duration, flags.count, flags.machines, flags.json],
    [Infinity, 90_000, 5, "fallback", true],
  );
  assertEquals(parse("--profile", "ramp:0..10/10s").profile!.rateAt(5000), 5);
});

Deno.test("gen flags: each wrong value is refused, with its flag and what is allowed", () => {
  const cases: [string[], string][] = [
    [["--rate", "fast"], 'Cannot use --rate: received "fast"; expected a number from 0 on'],
    [["--duration", "30"], "expected a time with its unit"],
    [["--duration", "0s"], "at least 1ms"],
    [["--count", "0"], "at least 1"],
    [["--seed", "-1"], "at least 0"],
    [["--machines", "0"], "from 1 to 100000"],
    [["--topic-prefix", "my topic/"], "letters, digits"],
    [["--partitions", "0"], "from 1 to 10000"],
    [["--compression", "zip"], "expected none or gzip"],
    [["--control-port", "70000"], 'or "off"'],
    [["--profile", "ramp:5"], "received 'ramp:5' in part 1 (character 1); expected ramp:FROM..TO/TIME"],
    [["--profile", "step:1@1s", "--rate", "5"], "Cannot use --profile with --rate: received both"],
  ];
  for (const [args, message] of cases) {
    assertStringIncludes(assertThrows(() => parse(...args), UsageError).message, message, args.join(" "));
  }
});
