import { assertThrows } from "@std/assert";
import { MemoryLog } from "../../../src/kafka/mod.ts";
import {
  StreamsApp,
  StreamsBuilder,
  type StreamsConfig,
  StreamsConfigError,
} from "../../../src/engine/mod.ts";
import { stringSerde } from "../../../src/serde/mod.ts";

/** A setting, its values that are refused, and how the refusal ends. */
const WRONG: readonly (readonly [string, readonly unknown[], string])[] = [
  ["applicationId", [undefined], "name the application: its instances share the id"],
  ["applicationId", ["", "  ", 7, null], "it must be a text that is not empty"],
  ["processingGuarantee", ["exactly_one", "", null], 'it must be "at_least_once" or "exactly_once"'],
  ["store", ["rocksdb"], 'it must be "memory" or "sqlite"'],
  ["onStateFull", ["stop"], 'it must be "fail" or "disk"'],
  ["autoOffsetReset", ["none"], 'it must be "earliest" or "latest"'],
  ["onMissingTopic", [true], 'it must be "fail" or "wait"'],
  ["commitIntervalMs", [-1, NaN, "100", null], "it must be a number of at least 0"],
  ["stallTimeoutMs", [-0.5], "it must be a number of at least 0"],
  ["topicsRefreshMs", [0], "it must be a number of at least 1"],
  ["heartbeatIntervalMs", [-300], "it must be a number of at least 1"],
  ["numStandbyReplicas", [-1, 1.5], "it must be a whole number of at least 0"],
  ["replicationFactor", [0], "it must be a whole number of at least 1"],
  ["stateDir", [""], "it must be a text that is not empty"],
  ["groupInstanceId", [""], "it must be a text that is not empty"],
  ["deadLetterTopics", ["dead", [""]], "it must be a list of topics, each with a name"],
  ["onUndecodable", ["continue"], "it must be a function"],
];

const topology = new StreamsBuilder().build();

for (const [name, values, remedy] of WRONG) {
  for (const value of values) {
    Deno.test(`${name} ${JSON.stringify(value)} is refused: ${remedy}`, () => {
      const config = { applicationId: "app", [name]: value } as unknown as StreamsConfig;
      const received = typeof value === "number" ? String(value) : JSON.stringify(value);
      assertThrows(
        () => new StreamsApp(topology, new MemoryLog(), config),
        StreamsConfigError,
        `Cannot run an application: received ${name} ${received}; ${remedy}`,
      );
    });
  }
}

Deno.test("settings that are undefined have their defaults, and intervals may be Infinity", () => {
  new StreamsApp(topology, new MemoryLog(), {
    applicationId: "app",
    commitIntervalMs: Infinity,
    stateMaxBytes: Infinity,
    ...{ stateDir: undefined } as unknown as Partial<StreamsConfig>,
  });
});

Deno.test("a source or a sink without a topic is refused", () => {
  const text = { key: stringSerde(), value: stringSerde() };
  const none = "Cannot add node KSTREAM-SOURCE-0000000000: received no topic; name one";
  assertThrows(() => new StreamsBuilder().stream([], text), Error, none);
  assertThrows(() => new StreamsBuilder().stream("", text), Error, none);
  assertThrows(() => new StreamsBuilder().stream(["words", ""], text), Error, none);
  assertThrows(
    () => new StreamsBuilder().stream("words", text).to("", text),
    Error,
    "received no topic; name one",
  );
});
