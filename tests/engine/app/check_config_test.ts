import { assertThrows } from "@std/assert";
import { MemoryLog } from "../../../src/kafka/mod.ts";
import {
  StreamsApp,
  StreamsBuilder,
  type StreamsConfig,
  StreamsConfigError,
  type Topology,
  TopologyError,
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
  ["endpoint", [9001], "it must be a text that is not empty"],
  ["logger", [true, { info() {} }], "it must have the functions info and warn"],
  ["sessionTimeoutMs", [300, 200], "it must be more than heartbeatIntervalMs, which is 300"],
  ["sessionTimeoutMs", [Infinity], "it must end, so that a dead instance is noticed"],
  [
    "applicationId",
    ["my app", "a/b", "x".repeat(181)],
    "it begins the names of topics, which have only letters",
  ],
];

function topologyOf(topic: string): Topology {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream(topic, text);
  return builder.build();
}

const topology = topologyOf("in");

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

Deno.test("a whole number of bytes that is a bigint, settings that are none, and an unknown name are told as wrong", () => {
  const refused = (config: unknown, message: string): void => {
    assertThrows(
      () => new StreamsApp(topology, new MemoryLog(), config as StreamsConfig),
      StreamsConfigError,
      `Cannot run an application: received ${message}`,
    );
  };
  refused({ applicationId: "app", stateMaxBytes: 5n }, "stateMaxBytes 5n; it must be a number of at least 1");
  refused(undefined, "settings undefined; give them as an object, with an applicationId at least");
  refused("app", 'settings "app"; give them as an object');
  refused({ applicationID: "app" }, "applicationID, which is no setting; did you mean applicationId?");
  refused({ applicationId: "app", colour: "red" }, "colour, which is no setting; there are applicationId, ");
});

Deno.test("a topology that reads nothing is refused, as it would wait for ever", () => {
  const builder = new StreamsBuilder();
  builder.addStore({ name: "counts", key: stringSerde(), value: stringSerde() });
  for (const empty of [new StreamsBuilder(), builder]) {
    assertThrows(() => empty.build(), TopologyError, "Cannot build the topology: received no source");
  }
});

Deno.test("a source, a sink and a group without a serde are refused, as a program without types may have them", () => {
  // deno-lint-ignore no-explicit-any -- see above
  const untyped = (): any => new StreamsBuilder();
  const text = { key: stringSerde(), value: stringSerde() };
  const none = (part: string): string =>
    `received no serde for its ${part}s; give one, such as { ${part}: stringSerde() }`;
  assertThrows(() => untyped().stream("in"), TopologyError, `-0000000000: ${none("key")}`);
  assertThrows(() => untyped().stream("in", { key: text.key }), TopologyError, none("value"));
  assertThrows(() => untyped().table("in"), TopologyError, none("key"));
  assertThrows(() => untyped().stream("in", text).to("out"), TopologyError, none("key"));
  assertThrows(() => untyped().stream("in", text).groupByKey(), TopologyError, none("key"));
  assertThrows(
    () => untyped().stream("in", { ...text, value: Promise.resolve() }),
    TopologyError,
    none("value"),
  );
});

Deno.test("settings that are undefined have their defaults, and intervals may be Infinity", () => {
  new StreamsApp(topology, new MemoryLog(), {
    applicationId: "app",
    commitIntervalMs: Infinity,
    stateMaxBytes: Infinity,
    ...{ stateDir: undefined } as unknown as Partial<StreamsConfig>,
  });
});

Deno.test("with exactly once a commit comes before brokers end its transaction", () => {
  const make = (config: Partial<StreamsConfig>) => () =>
    new StreamsApp(topology, new MemoryLog(), { applicationId: "app", ...config });
  for (const commitIntervalMs of [600_001, Infinity]) {
    assertThrows(
      make({ processingGuarantee: "exactly_once", commitIntervalMs }),
      StreamsConfigError,
      `received commitIntervalMs ${commitIntervalMs}; it must be at most 600000 with exactly_once`,
    );
    make({ commitIntervalMs })();
  }
  make({ processingGuarantee: "exactly_once", commitIntervalMs: 600_000 })();
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
