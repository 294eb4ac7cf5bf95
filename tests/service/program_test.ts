import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments, UsageError } from "../../src/cli/arguments.ts";
import { helpText } from "../../src/cli/help.ts";
import { integer } from "../../src/cli/parsers.ts";
import { namedFlags, toggle } from "../../src/cli/program.ts";
import { serviceProgram } from "../../src/service/program.ts";

const shortest = { value: "<letters>", text: "shorter words don't count", parse: integer(), default: 1 };
const stopAt = { value: "<word>", text: "the last one", parse: String };

Deno.test("a service's own flags are parsed and typed with those that every service has", () => {
  const program = serviceProgram({
    applicationId: "word-count",
    flags: { shortest, stopAt, loud: toggle("in capitals") },
  });
  const flags = parseArguments(program, ["--shortest", "3", "--partitions", "2", "--log-format", "json"]);
  const [own, word, loud]: [number, string | undefined, boolean] = [flags.shortest, flags.stopAt, flags.loud];
  assertEquals([own, word, loud], [3, undefined, false]);
  assertEquals([flags.partitions, flags.applicationId, flags.logFormat], [2, "word-count", "json"]);
  assertThrows(() => parseArguments(program, ["--shortest", "x"]), UsageError, "--shortest");
});

Deno.test("its own flags have variables, and stand in the help with a name and a description", () => {
  const program = serviceProgram({ applicationId: "word-count", flags: { shortest } });
  const own = namedFlags(program).find(({ key }) => key === "shortest")!;
  assertEquals(own.variable, "KOS_SHORTEST");
  const help = helpText(program, 80).split("\n");
  assertEquals(help.slice(0, 3), [
    "Usage: word-count [options]",
    "",
    "Runs the topology of word-count on Kafka.",
  ]);
  assertEquals(help.some((line) => line.includes("--shortest <letters>")), true);
  assertEquals(help.some((line) => line.includes("--version")), false);
});

Deno.test("a flag with the name of one that every service has is refused", () => {
  for (const [key, long] of [["metricsPort", "--metrics-port"], ["help", "--help"]] as const) {
    assertThrows(
      () => serviceProgram({ applicationId: "x", flags: { [key]: shortest } }),
      TypeError,
      `Cannot use a flag ${long} of the program's own`,
    );
  }
});

Deno.test("a flag with an empty text is refused as a flag", () => {
  const program = serviceProgram({ applicationId: "word-count" });
  for (const flag of ["application-id", "client-id", "group-instance-id", "metrics-host", "state-dir"]) {
    assertThrows(
      () => parseArguments(program, [`--${flag}=`]),
      UsageError,
      `Cannot use --${flag}: received ""; expected `,
    );
  }
});

Deno.test("an application id that can't begin a topic's name is refused as a flag", () => {
  const program = serviceProgram({ applicationId: "word-count" });
  for (const id of ["word count", "a/b", "é", "a".repeat(181)]) {
    assertThrows(
      () => parseArguments(program, ["--application-id", id]),
      UsageError,
      `Cannot use --application-id: received "${id}"; it begins the names of topics`,
    );
  }
});

Deno.test("--version is suggested to programs that have one", () => {
  const refused = (version: string | undefined): string =>
    assertThrows(
      () =>
        parseArguments(serviceProgram({ applicationId: "x", version } as { applicationId: string }), [
          "--versio",
        ]),
      UsageError,
    ).message;
  assertEquals(refused("1.2.3").includes("did you mean --version?"), true);
  assertEquals(refused(undefined).includes("--version"), false);
});

Deno.test("a program has other defaults for flags of every service, which its help shows and a flag overrides", () => {
  const program = serviceProgram({
    applicationId: "fraud",
    defaults: { processingGuarantee: "exactly_once", commitInterval: 250, deadLetterTopic: "letters" },
  });
  const flags = parseArguments(program, []);
  assertEquals(
    [flags.processingGuarantee, flags.commitInterval, flags.deadLetterTopic, flags.onUndecodable],
    ["exactly_once", 250, "letters", "continue"],
  );
  assertEquals(parseArguments(program, ["--commit-interval", "1s"]).commitInterval, 1_000);
  const help = helpText(program, 200);
  assertStringIncludes(help, "(default: exactly_once, ");
  assertStringIncludes(help, "(default: 250ms, ");
});

Deno.test("a default that could not be typed, or is of no flag of every service, is refused", () => {
  const refused = (defaults: object): string =>
    assertThrows(() => serviceProgram({ applicationId: "x", defaults }), TypeError).message;
  assertEquals(
    refused({ processingGuarantee: "exactly" }),
    "Cannot use the default processingGuarantee: received exactly; expected at_least_once or exactly_once",
  );
  assertStringIncludes(refused({ sessionTimeout: 5 }), "received 5ms; expected a time of at least 1s");
  for (const key of ["guarantee", "describe", "applicationId"]) {
    assertStringIncludes(
      refused({ [key]: "x" }),
      `Cannot use the default ${key}: received the name of no flag`,
    );
  }
});

Deno.test("--advertise takes a host, a port with it, and an IPv6 address with brackets or, as pods have it, without", () => {
  const program = serviceProgram({ applicationId: "word-count" });
  const advertised = (address: string) => parseArguments(program, ["--advertise", address]).advertise;
  for (
    const [given, address] of [
      ["10.0.0.7", "10.0.0.7"],
      ["streams.example:9002", "streams.example:9002"],
      ["fd00:10:244::7", "[fd00:10:244::7]"],
      ["[fd00:10:244::7]:9002", "[fd00:10:244::7]:9002"],
    ] as const
  ) assertEquals(advertised(given), address);
  for (const wrong of ["http://a", "a/b", "fd00::7:x"]) {
    assertThrows(() => advertised(wrong), UsageError, "--advertise");
  }
});
