import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProduceError } from "../../../src/kafka/port/errors.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";
import { logContract } from "../port/log_contract.ts";
import { appendRecords, readRecords, recordsOf, writeRecords } from "../port/records.ts";

const quiet = { warn: () => {}, error: () => {} };

logContract("memory log", () => {
  const log = new MemoryLog({ logger: quiet });
  return Promise.resolve({
    log,
    expireMember: (groupId, memberId) => Promise.resolve(log.expireMember(groupId, memberId)),
  });
});

Deno.test("memory log: retention by records moves the log's start, and old positions go on there", async () => {
  const log = new MemoryLog({ retentionRecords: 10_000 });
  const topic = "bounded";
  await log.createTopics([{ topic, partitions: 1 }]);
  await writeRecords(log, topic, Array.from({ length: 50_000 }, (_, i) => ({ value: `${i}` })));
  const [start] = await log.offsets([{ topic, partition: 0 }], "earliest");
  assertEquals(await log.offsets([{ topic, partition: 0 }], "latest"), [50_000]);
  assert(start! >= 30_000 && start! <= 40_000, `starts at ${start}`);
  const read = await readRecords(log, topic);
  assertEquals(
    read.map(({ value }) => value),
    Array.from({ length: 50_000 - start! }, (_, i) => `${i + start!}`),
  );
  const told: number[] = [];
  const fetcher = log.fetcher({ onOutOfRange: (_, wanted, at) => told.push(wanted, at) });
  fetcher.assign({ topic, partition: 0 }, 0);
  const [set] = await fetcher.poll(0);
  assertEquals([set!.offsets[0], set!.startOffset, ...told], [start, start, 0, start]);
});

Deno.test("memory log: retention by bytes bounds what is held", async () => {
  const log = new MemoryLog({ retentionBytes: 1_000_000 });
  await log.createTopics([{ topic: "t", partitions: 1 }]);
  for (let i = 0; i < 100; i++) {
    await writeRecords(log, "t", Array.from({ length: 100 }, () => ({ value: "x".repeat(1_000) })));
    assert(log.sizeOf("t") <= 1_000_000 + 2 * 262_144, `${log.sizeOf("t")} bytes`);
  }
  assertEquals(await log.offsets([{ topic: "t", partition: 0 }], "latest"), [10_000]);
});

Deno.test("memory log: retention by time goes by the injected clock", async () => {
  let now = 1_000_000;
  const log = new MemoryLog({ now: () => now });
  const topic = "t";
  await log.createTopics([{ topic, partitions: 1, config: { "retention.ms": "60000" } }]);
  const hundred = () => Array.from({ length: 400 }, () => ({ timestamp: now, value: "x".repeat(1_000) }));
  await writeRecords(log, topic, hundred());
  now += 60_001;
  await writeRecords(log, topic, hundred());
  const [start] = await log.offsets([{ topic, partition: 0 }], "earliest");
  assert(start! > 0 && start! <= 400, `starts at ${start}`);
  assert((await readRecords(log, topic)).length >= 400);
});

Deno.test("memory log: a compacted topic keeps the last record of each key at its offset, whatever retention says", async () => {
  const log = new MemoryLog({ retentionBytes: 1_000, retentionRecords: 10 });
  const topic = "compacted";
  await log.createTopics([{ topic, partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const count = 200_000;
  const keys = 100;
  const headers = [{ key: "n", value: new Uint8Array([7]) }];
  const value = (i: number) => i % keys === 3 ? null : `${i}`.padEnd(40, ".");
  await writeRecords(
    log,
    topic,
    Array.from({ length: count }, (_, i) => ({ key: `k${i % keys}`, value: value(i), headers })),
  );
  assert(log.sizeOf(topic) < 2_000_000, `${log.sizeOf(topic)} bytes`);
  const read = await readRecords(log, topic);
  const last = new Map(read.map((record) => [record.key, record]));
  for (let i = count - keys; i < count; i++) {
    const record = last.get(`k${i % keys}`);
    assertEquals([record?.offset, record?.value, record?.headers], [i, value(i), headers]);
  }
  for (let i = 1; i < read.length; i++) assert(read[i - 1]!.offset < read[i]!.offset);
  const error = await assertRejects(() => writeRecords(log, topic, [{ value: "no key" }]), ProduceError);
  assert(error.message.includes("key"), error.message);
});

Deno.test("memory log: compaction drops tombstones in time, and reading leads past the gap", async () => {
  const log = new MemoryLog();
  const topic = "t";
  await log.createTopics([{ topic, partitions: 1, config: { "cleanup.policy": "compact" } }]);
  await writeRecords(log, topic, [{ key: "gone", value: "x" }, { key: "gone", value: null }]);
  const filler = Array.from({ length: 60_000 }, (_, i) => ({ key: "k", value: `${i}`.padEnd(50, ".") }));
  await writeRecords(log, topic, filler);
  await writeRecords(log, topic, filler);
  const read = await readRecords(log, topic);
  assertEquals(read.filter(({ key }) => key === "gone"), []);
  const fetcher = log.fetcher({ outOfRange: "fail" });
  fetcher.assign({ topic, partition: 0 }, 1);
  const [set] = await fetcher.poll(0);
  assertEquals(set!.offsets[0], read[0]!.offset);
});

Deno.test("memory log: wrong topic settings name themselves", async () => {
  const log = new MemoryLog();
  const error = await assertRejects(
    () => log.createTopics([{ topic: "t", partitions: 1, config: { "retention.ms": "soon" } }]),
    RangeError,
  );
  assert(error.message.includes("retention.ms") && error.message.includes("soon"), error.message);
});

Deno.test("memory log: compaction drops aborted records, and leaves alone what is not committed yet", async () => {
  const log = new MemoryLog();
  const topic = "t";
  await log.createTopics([{ topic, partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const filler = Array.from({ length: 60_000 }, (_, i) => ({ key: "k", value: `${i}`.padEnd(50, ".") }));
  await writeRecords(log, topic, [{ key: "a", value: "old" }, { key: "b", value: "old" }]);
  const [aborting, open] = ["aborting", "open"].map((transactionalId) => log.producer({ transactionalId }));
  await aborting!.begin();
  appendRecords(aborting!, topic, [{ key: "a", value: "aborted" }]);
  await aborting!.abort();
  await writeRecords(log, topic, filler);
  await open!.begin();
  appendRecords(open!, topic, [{ key: "b", value: "open" }, { key: "b", value: "open too" }]);
  await writeRecords(log, topic, filler);
  const read = async (isolation: "read_committed" | "read_uncommitted") => {
    const fetcher = log.fetcher({ isolation, partitionBytes: 1e9 });
    fetcher.assign({ topic, partition: 0 }, 0);
    const values: (string | null)[] = [];
    for (let sets = await fetcher.poll(0); sets.length > 0; sets = await fetcher.poll(0)) {
      values.push(...recordsOf(sets).filter(({ key }) => key !== "k").map(({ value }) => value));
    }
    return values;
  };
  assert(log.sizeOf(topic) < 5_000_000, `${log.sizeOf(topic)} bytes: compacted`);
  assertEquals(await read("read_committed"), ["old", "old"]);
  assertEquals(await read("read_uncommitted"), ["old", "old", "open", "open too"]);
  await open!.commit();
  assertEquals(await read("read_committed"), ["old", "old", "open", "open too"]);
  await writeRecords(log, topic, filler);
  await writeRecords(log, topic, filler);
  assertEquals((await read("read_committed")).sort(), ["old", "open too"]);
});
