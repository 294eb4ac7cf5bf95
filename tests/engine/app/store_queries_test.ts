import { assertEquals } from "@std/assert";
import {
  type SessionEntry,
  SessionWindows,
  StreamsApp,
  StreamsBuilder,
  TimeWindows,
  type WindowEntry,
} from "../../../src/engine/mod.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";
import { stringSerde } from "../../../src/serde/mod.ts";
import { writeRecords } from "../../kafka/port/records.ts";
import { until } from "./app_contract.ts";

const text = { key: stringSerde(), value: stringSerde() };

Deno.test("of windows and sessions the newest are listed first, whichever tasks have them", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "words", partitions: 2 }]);
  const builder = new StreamsBuilder();
  const grouped = builder.stream("words", text).groupByKey(text);
  grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 1_000)).count({ name: "windows" });
  grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(5, 1_000)).count({ name: "sessions" });
  const app = new StreamsApp(builder.build(), log, { applicationId: "newest" });
  await app.start();
  try {
    const record = (partition: number, timestamp: number) => ({
      partition,
      timestamp,
      key: `key ${partition}`,
      value: "word",
    });
    await writeRecords(log, "words", [record(0, 100), record(1, 20), record(0, 40), record(1, 60)]);
    await until("all are counted", () => app.stats.processed === 4);
    const windows = await app.storeEntries("windows", 3) as WindowEntry<string, number>[];
    assertEquals(windows.map(({ key, startMs }) => [key, startMs]), [
      ["key 0", 100],
      ["key 1", 60],
      ["key 0", 40],
    ]);
    const sessions = await app.storeEntries("sessions", 10) as SessionEntry<string, number>[];
    assertEquals(sessions.map(({ endMs }) => endMs), [100, 60, 40, 20]);
  } finally {
    await app.close();
    await log.close();
  }
});
