/** Applications whose committed offsets their topic does not hold. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { GroupAdmin } from "../../../src/kafka/client/group_admin.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { clusterSettings, connection, quiet } from "../kafka/broker.ts";

const text = { key: stringSerde(), value: stringSerde() };
const VALUES = ["a", "b", "c", "d", "e"];

/** Starts an application that has committed an offset where its topic holds `start` to 5; what it read and what it said. */
async function resumed(
  committed: number,
  start: number,
): Promise<{ read: (string | null)[]; warned: string[] }> {
  const id = `range-${crypto.randomUUID().slice(0, 8)}`;
  const log = new KafkaLog(connection(), { logger: quiet });
  const admin = new GroupAdmin(clusterSettings());
  const input = { topic: `${id}-in`, partition: 0 };
  try {
    await log.createTopics(["in", "out"].map((name) => ({ topic: `${id}-${name}`, partitions: 1 })));
    await writeRecords(log, input.topic, VALUES.map((value) => ({ value, key: value })));
    await log.deleteRecords([{ ...input, offset: start }]);
    await admin.commit(id, [{ ...input, offset: committed }]);
    const builder = new StreamsBuilder();
    builder.stream(input.topic, text).to(`${id}-out`, text);
    const warned: string[] = [];
    const logger = { info() {}, warn: (line: string) => warned.push(line) };
    const app = new StreamsApp(builder.build(), log, { applicationId: id, logger });
    await app.start();
    const out = async () => (await readRecords(log, `${id}-out`)).map(({ value }) => value);
    await until("all read", async () => (await out()).length >= VALUES.length - start);
    await app.close();
    assertEquals(await log.committed(id, [input]), [5]);
    assertEquals(app.stats.offsetResets, 1);
    // On a machine that stands still for a while the group's words come between.
    return { read: await out(), warned: warned.filter((line) => line.startsWith("Cannot read ")) };
  } finally {
    await log.deleteTopics([`${id}-in`, `${id}-out`]);
    await admin.close();
    await log.close();
  }
}

Deno.test("a committed offset beyond the log's end: it begins again at the log's begin, and says why", async () => {
  const { read, warned } = await resumed(500, 0);
  assertEquals(read, VALUES);
  assertEquals(warned.length, 1);
  assertStringIncludes(warned[0]!, "-in-0 on at offset 500: it is beyond the log's end");
  assertStringIncludes(warned[0]!, "reading on at offset 0");
});

Deno.test("a committed offset that retention has left behind: it goes on at the log's begin, and says what is missing", async () => {
  const { read, warned } = await resumed(1, 3);
  assertEquals(read, ["d", "e"]);
  assertEquals(warned.length, 1);
  assertStringIncludes(warned[0]!, "-in-0 on at offset 1: the log does not reach back to it");
  assertStringIncludes(warned[0]!, "reading on at offset 3, 2 later");
});
