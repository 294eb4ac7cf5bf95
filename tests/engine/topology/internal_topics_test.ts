import { assert, assertEquals, assertRejects } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  StreamsApp,
  StreamsBuilder,
  TimeWindows,
  type Topology,
  TopologyError,
} from "../../../src/engine/mod.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NO_LIMIT = "9223372036854775807";
const REPARTITION = "app-words-repartition";
const COUNTS = "app-counts-changelog";
const WINDOWS = "app-hourly-changelog";

/** A repartition topic, a key-value changelog and a windowed one. */
function topology(): Topology {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupBy((_key, value) => value, { ...text, name: "words" });
  grouped.count({ value: int64Serde(), name: "counts" });
  grouped.windowedBy(TimeWindows.ofSizeAndGrace(HOUR, HOUR)).count({ value: int64Serde(), name: "hourly" });
  return builder.build();
}

/** Starts and ends the application on a log with these topics; what it said. */
async function said(own: Record<string, Record<string, string>>, source: Record<string, string> = {}) {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 1, config: source }]);
  await log.createTopics(Object.entries(own).map(([topic, config]) => ({ topic, partitions: 1, config })));
  const warned: string[] = [];
  const told: string[] = [];
  const logger = { info: (line: string) => told.push(line), warn: (line: string) => warned.push(line) };
  const app = new StreamsApp(topology(), log, { applicationId: "app", replicationFactor: 3, logger });
  try {
    await app.start();
    await app.close();
  } finally {
    await log.close();
  }
  return { warned, told, log };
}

Deno.test("what the engine relies on is asked for when a topic is created, whatever the broker's defaults are", async () => {
  const { log, warned } = await said({});
  const names = [
    "cleanup.policy",
    "retention.ms",
    "retention.bytes",
    "delete.retention.ms",
    "message.timestamp.type",
    "min.insync.replicas",
    "compression.type",
    "message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms",
    "unclean.leader.election.enable",
    "max.message.bytes",
  ];
  const settings = await log.topicSettings([REPARTITION, COUNTS, WINDOWS], names);
  const common = {
    "message.timestamp.type": "CreateTime",
    "min.insync.replicas": "2",
    "compression.type": "producer",
    "message.timestamp.before.max.ms": NO_LIMIT,
    "message.timestamp.after.max.ms": NO_LIMIT,
    "unclean.leader.election.enable": "false",
    "max.message.bytes": "67108864",
  };
  const of = (topic: string) => Object.fromEntries(settings.get(topic)!);
  assertEquals(of(REPARTITION), {
    ...common,
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
  });
  assertEquals(of(COUNTS), { ...common, "cleanup.policy": "compact", "delete.retention.ms": String(DAY) });
  assertEquals(of(WINDOWS), {
    ...common,
    "cleanup.policy": "compact,delete",
    "retention.ms": String(2 * HOUR + DAY),
    "retention.bytes": "-1",
    "delete.retention.ms": String(DAY),
  });
  assertEquals(warned, []);
});

const FATAL: [string, Record<string, string>, string][] = [
  [COUNTS, { "cleanup.policy": "delete" }, "cleanup.policy=delete where compact is needed"],
  [COUNTS, { "cleanup.policy": "delete,compact" }, "cleanup.policy=delete,compact where compact is needed"],
  [
    COUNTS,
    { "message.timestamp.type": "LogAppendTime" },
    "message.timestamp.type=LogAppendTime where CreateTime is needed",
  ],
  [COUNTS, { "compression.type": "zstd" }, "compression.type=zstd where producer is needed"],
  [
    WINDOWS,
    { "cleanup.policy": "compact,delete", "retention.ms": "1000" },
    "retention.ms=1000 where 93600000 is needed",
  ],
  [
    WINDOWS,
    { "cleanup.policy": "delete", "retention.bytes": "1000" },
    "retention.bytes=1000 where -1 is needed",
  ],
  [REPARTITION, { "cleanup.policy": "compact" }, "cleanup.policy=compact where delete is needed"],
  [REPARTITION, { "retention.ms": "604800000" }, "retention.ms=604800000 where -1 is needed"],
];

for (const [topic, settings, received] of FATAL) {
  const given = Object.entries(settings).map(([name, value]) => `${name}=${value}`).join(" ");
  Deno.test(`with ${given} ${topic} would lose something in silence: it is refused`, async () => {
    const error = await assertRejects(() => said({ [topic]: settings }), TopologyError, received);
    assert(error.message.startsWith(`Cannot use topic ${topic}: received `), error.message);
    assert(error.message.includes(`--entity-name ${topic} --add-config `), error.message);
  });
}

Deno.test("the command that mends a topic has all of its settings, lists in brackets", async () => {
  const settings = {
    "cleanup.policy": "delete",
    "retention.ms": "1000",
    "message.timestamp.type": "LogAppendTime",
  };
  await assertRejects(
    () => said({ [WINDOWS]: settings }),
    TopologyError,
    "--add-config message.timestamp.type=CreateTime,cleanup.policy=[compact,delete],retention.ms=93600000`",
  );
});

Deno.test("what only costs, or is told of when it happens, is a warning", async () => {
  const { warned } = await said({
    [COUNTS]: { "cleanup.policy": "compact", "compression.type": "gzip", "min.insync.replicas": "3" },
    // Enough for the store, less than would be asked for; and without retention only larger.
    [WINDOWS]: { "cleanup.policy": "compact", "retention.ms": String(3 * HOUR) },
    [REPARTITION]: { "max.message.bytes": "1000", "message.timestamp.after.max.ms": "3600000" },
  });
  assertEquals(warned.length, 3);
  const line = (topic: string) => warned.find((each) => each.startsWith(`Topic ${topic}: received `)) ?? "";
  assert(line(COUNTS).includes("compression.type=gzip") && line(COUNTS).includes("min.insync.replicas=3"));
  assert(line(WINDOWS).includes("cleanup.policy=compact where compact,delete is needed"), line(WINDOWS));
  assert(line(REPARTITION).includes("max.message.bytes=1000"), line(REPARTITION));
  assert(line(REPARTITION).includes("message.timestamp.after.max.ms=3600000"), line(REPARTITION));
});

Deno.test("who is told to want two replicas in sync is told that one alone could not be written then", async () => {
  const settings = { [COUNTS]: { "cleanup.policy": "compact", "min.insync.replicas": "1" } };
  const { warned } = await said(settings);
  assert(warned[0]?.includes("min.insync.replicas=2`; first give it three replicas"), warned[0]);
});

Deno.test("more than is needed is as good", async () => {
  const { warned } = await said({
    [COUNTS]: { "cleanup.policy": "compact", "delete.retention.ms": String(7 * DAY) },
    [WINDOWS]: { "cleanup.policy": "delete, compact", "retention.ms": "-1", "max.message.bytes": "1048588" },
    [REPARTITION]: { "segment.bytes": "1048576" },
  });
  assertEquals(warned, []);
});

Deno.test("that a source topic has the broker's time is told, and no fault", async () => {
  const { warned, told } = await said({}, { "message.timestamp.type": "LogAppendTime" });
  assertEquals(warned, []);
  assert(told.some((line) => line.startsWith("in has message.timestamp.type=LogAppendTime")), told.join());
});

Deno.test("without the right to describe topics their settings are not checked, which is told", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 1 }]);
  log.topicSettings = () => Promise.resolve(new Map());
  const told: string[] = [];
  const app = new StreamsApp(topology(), log, {
    applicationId: "app",
    logger: { info: (line) => told.push(line), warn: () => {} },
  });
  await app.start();
  await app.close();
  await log.close();
  assert(told.some((line) => line.includes(COUNTS) && line.includes("are not checked")), told.join());
});
