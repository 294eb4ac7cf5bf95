/** A broker whose defaults are against all that the engine relies on. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { type Broker, startBroker } from "../../../scripts/support/broker.ts";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  StreamsApp,
  StreamsBuilder,
  TimeWindows,
  type Topology,
  TopologyError,
} from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, type TestRecord, writeRecords } from "../../kafka/port/records.ts";
import { connection, quiet } from "../kafka/broker.ts";

const HOSTILE = {
  "log.message.timestamp.type": "LogAppendTime",
  "log.cleanup.policy": "delete",
  "log.retention.ms": "1000",
  "log.retention.bytes": "1000",
  "log.retention.check.interval.ms": "200",
  "log.roll.ms": "300",
  "log.segment.bytes": "1048576",
  "log.segment.delete.delay.ms": "100",
  "log.cleaner.delete.retention.ms": "1",
  "compression.type": "gzip",
  "min.insync.replicas": "2",
  "message.max.bytes": "20000",
  "unclean.leader.election.enable": "true",
};
/** The application's users see to their own topics. */
const KEPT = {
  "message.timestamp.type": "CreateTime",
  "message.timestamp.after.max.ms": "9223372036854775807",
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "max.message.bytes": "2000000",
};
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const text = { key: stringSerde(), value: stringSerde() };

async function withBroker(body: (log: KafkaLog) => Promise<void>): Promise<void> {
  const broker: Broker = await startBroker({ settings: HOSTILE });
  const log = new KafkaLog({ ...connection(), brokers: [broker.bootstrap] }, { logger: quiet });
  try {
    await body(log);
  } finally {
    await log.close();
    await broker.stop();
  }
}

/** How often each value came, in all and by hour. */
function topology(): Topology {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text)
    .groupBy((_key, value) => value.slice(0, 1), { ...text, name: "words" });
  grouped.count({ value: int64Serde(), name: "counts" }).toStream()
    .map((key, count): [string, string] => [key, String(count)]).to("out", text);
  grouped.windowedBy(TimeWindows.ofSizeAndGrace(HOUR, HOUR)).count({ value: int64Serde(), name: "hourly" })
    .toStream().map(({ key, startMs }, count): [string, string] => [`${key}@${startMs}`, String(count)])
    .to("out", text);
  return builder.build();
}

const config = (processingGuarantee: "at_least_once" | "exactly_once") => ({
  applicationId: `app-${processingGuarantee}`,
  processingGuarantee,
});

Deno.test("a broker's hostile defaults change nothing: times, state and waiting records stay", async () => {
  await withBroker(async (log) => {
    await log.createTopics(["in", "out"].map((topic) => ({ topic, partitions: 1, config: KEPT })));
    const now = Date.now();
    const hour = now - now % HOUR;
    const records: TestRecord[] = [
      // An old one, one too large for the broker's default, and two in different hours.
      { timestamp: now - 30 * DAY, key: "1", value: "old" },
      { timestamp: hour, key: "2", value: "b".repeat(100_000) },
      { timestamp: hour, key: "3", value: "c" },
      { timestamp: hour - HOUR, key: "4", value: "c" },
    ];
    await writeRecords(log, "in", records);
    for (const guarantee of ["at_least_once", "exactly_once"] as const) {
      const warned: string[] = [];
      const logger = { info() {}, warn: (line: string) => warned.push(line) };
      const have = async (wanted: Record<string, string>) => {
        const last = new Map((await readRecords(log, "out")).map(({ key, value }) => [key, value]));
        return Object.entries(wanted).every(([key, value]) => last.get(key) === value);
      };
      const first = new StreamsApp(topology(), log, { ...config(guarantee), logger });
      await first.start();
      const counts = { o: "1", b: "1", c: "2", [`c@${hour}`]: "1", [`c@${hour - HOUR}`]: "1" };
      await until("counted", () => have(counts));
      await first.close();
      // Longer than the broker's retention, and than a look at it.
      await delay(3_000);
      // The last one is two days ahead: Kafka 4 refuses an hour unless told otherwise.
      const ahead = { timestamp: now + 2 * DAY, key: "7", value: "f" };
      await writeRecords(log, "in", [
        { timestamp: hour, key: "5", value: "c" },
        { timestamp: now - 30 * DAY, key: "6", value: "old" },
        ahead,
      ]);
      // From nothing but the changelogs.
      const second = new StreamsApp(topology(), log, { ...config(guarantee), logger });
      await second.start();
      await until("counted on", () => have({ o: "2", c: "3", [`c@${hour}`]: "2", f: "1" }));
      await second.close();
      assertEquals(warned, []);
      await log.deleteTopics(["in", "out"]);
      await log.createTopics(["in", "out"].map((topic) => ({ topic, partitions: 1, config: KEPT })));
      await writeRecords(log, "in", records);
    }
  });
});

Deno.test("a topic with the broker's time gives that time to its records, whatever theirs was", async () => {
  await withBroker(async (log) => {
    // With the broker's defaults, of which only the retention would take the records away.
    await log.createTopics([{
      topic: "in",
      partitions: 1,
      config: { "retention.ms": "-1", "retention.bytes": "-1" },
    }]);
    const before = Date.now();
    await writeRecords(log, "in", [{ timestamp: 5, value: "a" }, { timestamp: 9, value: "b" }]);
    await writeRecords(log, "in", [{ timestamp: 7, value: "c" }]);
    const after = Date.now();
    const read = await readRecords(log, "in");
    assertEquals(read.map(({ value }) => value), ["a", "b", "c"]);
    for (const { timestamp } of read) assert(timestamp >= before && timestamp <= after, `${timestamp}`);
    assertEquals(read[0]!.timestamp, read[1]!.timestamp);
    assert(read[2]!.timestamp >= read[0]!.timestamp);
  });
});

Deno.test("a changelog that an administrator made by the broker's defaults is refused with the command that mends it", async () => {
  await withBroker(async (log) => {
    await log.createTopics([
      ...["in", "out"].map((topic) => ({ topic, partitions: 1, config: KEPT })),
      { topic: "app-at_least_once-counts-changelog", partitions: 1 },
    ]);
    const error = await assertRejects(
      () => new StreamsApp(topology(), log, config("at_least_once")).start(),
      TopologyError,
      "Cannot use topic app-at_least_once-counts-changelog: received message.timestamp.type=LogAppendTime",
    );
    assert(error.message.includes("cleanup.policy=delete where compact is needed"), error.message);
    assert(error.message.includes("--add-config message.timestamp.type=CreateTime,"), error.message);
  });
});
