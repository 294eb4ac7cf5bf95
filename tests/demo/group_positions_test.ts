import { assertEquals } from "@std/assert";
import { GroupPositions } from "../../src/demo/group_positions.ts";
import { MemoryLog } from "../../src/kafka/memory/memory_log.ts";
import type { Log } from "../../src/kafka/port/log.ts";

/** A log of which a test says what the group has committed. */
async function logWithCommits(commits: (number | undefined)[]): Promise<MemoryLog> {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  log.committed = () => Promise.resolve([...commits]);
  return log;
}

async function append(log: Log, partition: number, records: number): Promise<void> {
  const producer = log.producer();
  for (let i = 0; i < records; i++) producer.append("in", partition, i, null, null);
  await producer.flush();
  await producer.close();
}

Deno.test("lag and rates are those of the log and the commits, also while nobody processes", async () => {
  const commits: (number | undefined)[] = [undefined, undefined];
  const log = await logWithCommits(commits);
  await append(log, 0, 10);
  const positions = await GroupPositions.open(log, "group", ["in"], 5_000);
  const first = await positions.look(performance.now());
  assertEquals([first.processed, first.lag], [0, 10]);
  await append(log, 1, 30);
  commits[0] = 8;
  const later = await positions.look(performance.now() + 10_000);
  const { processed, lag, partitions, lagSeconds } = later;
  assertEquals([processed, lag, Math.round(lagSeconds)], [8, 32, 10]);
  assertEquals(partitions.map((p) => [p.topic, p.partition, p.lag]), [["in", 0, 2], ["in", 1, 30]]);
  assertEquals(partitions.map(({ arrival }) => Math.round(arrival!)), [0, 3]);
  await log.close();
});

Deno.test("what retention deleted is no lag", async () => {
  const commits: (number | undefined)[] = [2, undefined];
  const log = await logWithCommits(commits);
  await append(log, 0, 10);
  await log.deleteRecords([{ topic: "in", partition: 0, offset: 7 }]);
  const positions = await GroupPositions.open(log, "group", ["in"], 5_000);
  assertEquals((await positions.look(performance.now())).lag, 3);
  await log.close();
});
