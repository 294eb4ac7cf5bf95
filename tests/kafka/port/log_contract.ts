/**
 * The contract of the Log port. Each implementation runs it: see memory_log_test.ts and, for Kafka,
 * tests/integration/kafka/kafka_log_test.ts.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Log } from "../../../src/kafka/port/log.ts";
import { ProduceError } from "../../../src/kafka/port/errors.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";
import { groupContract } from "./group_contract.ts";
import { appendRecords, bytes, readRecords, recordsOf, writeRecords } from "./records.ts";
import { topicsContract } from "./topics_contract.ts";
import { transactionContract } from "./transaction_contract.ts";

/** What the contract needs of an implementation. */
export interface LogUnderTest {
  readonly log: Log;
  /** Has the group take a member for dead. */
  expireMember(groupId: string, memberId: string): Promise<void>;
}

/** What a contract test is given: the log, and names that no other test uses. */
export interface ContractContext extends LogUnderTest {
  readonly topic: string;
  readonly groupId: string;
}

/** Registers a test with its own log, and a topic that is deleted afterwards. */
export function contractTest(
  name: string,
  makeLog: () => Promise<LogUnderTest>,
  partitions: number,
  test: (context: ContractContext) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const under = await makeLog();
    const id = crypto.randomUUID().slice(0, 8);
    const topic = `contract-${id}`;
    try {
      if (partitions > 0) await under.log.createTopics([{ topic, partitions, replicationFactor: 1 }]);
      await test({
        log: under.log,
        expireMember: under.expireMember,
        topic,
        groupId: `contract-group-${id}`,
      });
    } finally {
      await under.log.deleteTopics([topic]);
      await under.log.close();
    }
  });
}

/** Registers the contract's tests for one implementation. */
export function logContract(name: string, makeLog: () => Promise<LogUnderTest>): void {
  const test = (what: string, partitions: number, body: (context: ContractContext) => Promise<void>) =>
    contractTest(`${name}: ${what}`, makeLog, partitions, body);

  test("topics are created once, described, and deleted", 0, async ({ log, topic }) => {
    assertEquals((await log.describeTopics([topic])).size, 0);
    await log.createTopics([{ topic, partitions: 3, replicationFactor: 1 }]);
    await log.createTopics([{ topic, partitions: 5, replicationFactor: 1 }]);
    const described = await log.describeTopics([topic, `${topic}-not`]);
    assertEquals([...described.values()].map(({ topic, partitions }) => ({ topic, partitions })), [
      { topic, partitions: 3 },
    ]);
    // A created topic takes records at once.
    await writeRecords(log, topic, [{ partition: 2, value: "a" }]);
    await log.deleteTopics([topic, `${topic}-not`]);
    assertEquals((await log.describeTopics([topic])).size, 0);
  });

  test("a topic that is created again has another id, where ids are told", 1, async ({ log, topic }) => {
    const before = (await log.describeTopics([topic])).get(topic)!.id;
    assertEquals((await log.describeTopics([topic])).get(topic)!.id, before);
    await log.deleteTopics([topic]);
    await log.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
    const after = (await log.describeTopics([topic])).get(topic)!.id;
    assertEquals(before === undefined, after === undefined);
    assert(before === undefined || before !== after, `both have ${before}`);
  });

  test("a fetcher tells that a topic that it reads has gone", 1, async ({ log, topic }) => {
    const gone = Promise.withResolvers<TopicPartition>();
    const fetcher = log.fetcher({ onMissing: gone.resolve });
    fetcher.assign({ topic, partition: 0 }, 0);
    await fetcher.poll(50);
    await log.deleteTopics([topic]);
    let told: TopicPartition | undefined;
    void gone.promise.then((partition) => told = partition);
    while (told === undefined) await fetcher.poll(50);
    assertEquals(told, { topic, partition: 0 });
    await fetcher.close();
  });

  test("a topic needs one partition or more", 0, async ({ log, topic }) => {
    const error = await assertRejects(
      () => log.createTopics([{ topic, partitions: 0, replicationFactor: 1 }]),
      Error,
    );
    assert(error.message.includes(topic), error.message);
  });

  test("records come back as they were appended", 1, async ({ log, topic }) => {
    const headers = [{ key: "trace", value: bytes("1é") }, { key: "", value: null }];
    await writeRecords(log, topic, [
      { timestamp: 1_700_000_000_000, key: "k", value: "v" },
      { timestamp: 1_600_000_000_001, key: null, value: "no key" },
      { timestamp: 1_700_000_000_002, key: "tombstone", value: null },
      { timestamp: 1_700_000_000_003, key: "", value: "" },
      { timestamp: 1_700_000_000_004, key: "h", value: "headers", headers },
      { timestamp: 0, key: null, value: null },
    ]);
    const plain = { partition: 0, headers: [] };
    assertEquals(await readRecords(log, topic), [
      { ...plain, offset: 0, timestamp: 1_700_000_000_000, key: "k", value: "v" },
      { ...plain, offset: 1, timestamp: 1_600_000_000_001, key: null, value: "no key" },
      { ...plain, offset: 2, timestamp: 1_700_000_000_002, key: "tombstone", value: null },
      { ...plain, offset: 3, timestamp: 1_700_000_000_003, key: "", value: "" },
      { partition: 0, offset: 4, timestamp: 1_700_000_000_004, key: "h", value: "headers", headers },
      { ...plain, offset: 5, timestamp: 0, key: null, value: null },
    ]);
  });

  test("append copies: the caller's buffer may be used again", 1, async ({ log, topic }) => {
    const producer = log.producer();
    const buffer = bytes("..first..");
    producer.append(topic, 0, 1, null, { bytes: buffer, from: 2, to: 7 });
    buffer.set(bytes("second"), 2);
    producer.append(topic, 0, 2, { bytes: buffer, from: 2, to: 4 }, { bytes: buffer, from: 2, to: 8 });
    await producer.close();
    assertEquals((await readRecords(log, topic)).map(({ key, value }) => [key, value]), [
      [null, "first"],
      ["se", "second"],
    ]);
  });

  test("many records of many partitions keep their order in each", 7, async ({ log, topic }) => {
    const producer = log.producer({ batchBytes: 4_096 });
    const perPartition = 3_000;
    for (let i = 0; i < perPartition * 7; i++) {
      await producer.ready();
      appendRecords(producer, topic, [{
        partition: i % 7,
        timestamp: i,
        key: `k${i % 7}`,
        value: `${Math.floor(i / 7)}`,
      }]);
    }
    await producer.flush();
    assertEquals(producer.counts, { appended: 21_000, acknowledged: 21_000, failed: 0 });
    assertEquals(producer.pendingBytes, 0);
    await producer.close();
    const read = await readRecords(log, topic);
    assertEquals(read.length, 21_000);
    for (const [i, record] of read.entries()) {
      const partition = Math.floor(i / perPartition);
      const n = i % perPartition;
      if (record.partition !== partition || record.offset !== n || record.value !== `${n}`) {
        assertEquals(record, { ...record, partition, offset: n, value: `${n}` });
      }
    }
  });

  test("a record larger than a fetch's share of a partition is read whole", 1, async ({ log, topic }) => {
    const big = "x".repeat(600_000);
    await writeRecords(log, topic, [{ value: "before" }, { value: big }, { value: "after" }]);
    const fetcher = log.fetcher({ partitionBytes: 10_000 });
    fetcher.assign({ topic, partition: 0 }, 0);
    const values: (string | null)[] = [];
    while (values.length < 3) values.push(...recordsOf(await fetcher.poll(10_000)).map(({ value }) => value));
    assertEquals(values.map((value) => value?.length), [6, 600_000, 5]);
    assert(values[1] === big);
    await fetcher.close();
  });

  test("offsets tell the first and the next of each partition", 3, async ({ log, topic }) => {
    await writeRecords(log, topic, [{ partition: 2, value: "a" }, { partition: 2, value: "b" }]);
    const asked = [2, 0, 2].map((partition) => ({ topic, partition }));
    assertEquals(await log.offsets(asked, "latest"), [2, 0, 2]);
    assertEquals(await log.offsets(asked, "earliest"), [0, 0, 0]);
    const error = await assertRejects(() => log.offsets([{ topic, partition: 9 }], "latest"), Error);
    assert(error.message.includes(`${topic}-9`), error.message);
  });

  test("a fetcher begins where it is told and goes on from there", 1, async ({ log, topic }) => {
    await writeRecords(log, topic, ["a", "b", "c"].map((value) => ({ value })));
    const fetcher = log.fetcher();
    const partition = { topic, partition: 0 };
    assertEquals(fetcher.endOffset(partition), undefined);
    fetcher.assign(partition, 1);
    assertEquals(recordsOf(await fetcher.poll(10_000)).map(({ value }) => value), ["b", "c"]);
    assertEquals(fetcher.endOffset(partition), 3);
    await writeRecords(log, topic, [{ value: "d" }]);
    assertEquals(recordsOf(await fetcher.poll(10_000)).map(({ value }) => value), ["d"]);
    // Moved back: it reads again.
    fetcher.assign(partition, 0);
    assertEquals(recordsOf(await pollUntil(fetcher, 4)).map(({ value }) => value), ["a", "b", "c", "d"]);
    await fetcher.close();
  });

  test("a set tells where to read on and what the log holds", 1, async ({ log, topic }) => {
    await writeRecords(log, topic, ["a", "b", "c"].map((value) => ({ value })));
    const fetcher = log.fetcher();
    fetcher.assign({ topic, partition: 0 }, 1);
    const [set] = await fetcher.poll(10_000);
    assertEquals([set!.topic, set!.partition, set!.startOffset, set!.nextOffset, set!.endOffset], [
      topic,
      0,
      0,
      3,
      3,
    ]);
    await fetcher.close();
  });

  test("poll gives an empty list when the time is up", 1, async ({ log, topic }) => {
    const fetcher = log.fetcher();
    assertEquals(await fetcher.poll(0), []);
    fetcher.assign({ topic, partition: 0 }, 0);
    assertEquals(recordsOf(await fetcher.poll(150)), []);
    await fetcher.close();
  });

  test("wakeup ends a waiting poll, or the next one", 1, async ({ log, topic }) => {
    const fetcher = log.fetcher();
    fetcher.assign({ topic, partition: 0 }, 0);
    const waiting = fetcher.poll(60_000);
    fetcher.wakeup();
    assertEquals(recordsOf(await waiting), []);
    fetcher.wakeup();
    assertEquals(recordsOf(await fetcher.poll(60_000)), []);
    await fetcher.close();
  });

  test("a fetcher tells what the log holds of a partition that it reads", 1, async ({ log, topic }) => {
    await writeRecords(log, topic, [{ value: "a" }, { value: "b" }]);
    const partition = { topic, partition: 0 };
    const fetcher = log.fetcher();
    fetcher.assign(partition, 1);
    while ((await fetcher.poll(100)).length === 0);
    assertEquals(fetcher.bounds(partition), { startOffset: 0, endOffset: 2 });
    await fetcher.close();
  });

  test("a paused partition gives nothing until it is resumed", 2, async ({ log, topic }) => {
    const fetcher = log.fetcher();
    const [p0, p1] = [0, 1].map((partition): TopicPartition => ({ topic, partition }));
    fetcher.assign(p0!, 0);
    fetcher.assign(p1!, 0);
    fetcher.pause(p0!);
    await writeRecords(log, topic, [{ partition: 0, value: "a" }, { partition: 1, value: "b" }]);
    assertEquals(recordsOf(await pollUntil(fetcher, 1)).map(({ value }) => value), ["b"]);
    assertEquals(recordsOf(await fetcher.poll(200)), []);
    fetcher.resume(p0!);
    assertEquals(recordsOf(await pollUntil(fetcher, 1)).map(({ value }) => value), ["a"]);
    await fetcher.close();
  });

  test("an unassigned partition gives nothing any more", 2, async ({ log, topic }) => {
    const fetcher = log.fetcher();
    const [p0, p1] = [0, 1].map((partition): TopicPartition => ({ topic, partition }));
    fetcher.assign(p0!, 0);
    fetcher.assign(p1!, 0);
    await writeRecords(log, topic, [{ partition: 0, value: "a" }, { partition: 1, value: "b" }]);
    fetcher.unassign(p0!);
    const seen = recordsOf(await pollUntil(fetcher, 1)).map(({ value }) => value);
    assertEquals(seen, ["b"]);
    assertEquals(recordsOf(await fetcher.poll(200)), []);
    await fetcher.close();
  });

  test("an offset out of range goes on at an end, and tells so", 1, async ({ log, topic }) => {
    await writeRecords(log, topic, ["a", "b"].map((value) => ({ value })));
    const partition = { topic, partition: 0 };
    for (
      const [outOfRange, resumed, expected] of [["earliest", 0, ["a", "b"]], ["latest", 2, ["c"]]] as const
    ) {
      const told: unknown[] = [];
      const fetcher = log.fetcher({
        outOfRange,
        onOutOfRange: (p, wanted, at) => told.push([p, wanted, at]),
      });
      fetcher.assign(partition, 99);
      if (outOfRange === "latest") {
        assertEquals(recordsOf(await fetcher.poll(1_000)), []);
        await writeRecords(log, topic, [{ value: "c" }]);
      }
      assertEquals(recordsOf(await pollUntil(fetcher, expected.length)).map(({ value }) => value), [
        ...expected,
      ]);
      assertEquals(told, [[partition, 99, resumed]]);
      await fetcher.close();
    }
  });

  test("an offset out of range fails the poll where that is wanted", 1, async ({ log, topic }) => {
    const fetcher = log.fetcher({ outOfRange: "fail" });
    fetcher.assign({ topic, partition: 0 }, 99);
    const error = await assertRejects(() => fetcher.poll(10_000), Error);
    assert(error.message.includes(`${topic}-0`) && error.message.includes("99"), error.message);
    await fetcher.close();
  });

  test(
    "a partition that makes the poll fail takes nothing of the others along",
    2,
    async ({ log, topic }) => {
      await writeRecords(log, topic, [{ partition: 0, value: "a" }]);
      const fetcher = log.fetcher({ outOfRange: "fail" });
      fetcher.assign({ topic, partition: 0 }, 0);
      fetcher.assign({ topic, partition: 1 }, 99);
      await assertRejects(
        async () => {
          while (true) {
            assertEquals(
              recordsOf(await fetcher.poll(10_000)),
              [],
              "read, though the poll is to fail",
            );
          }
        },
        Error,
        `${topic}-1`,
      );
      fetcher.unassign({ topic, partition: 1 });
      assertEquals(recordsOf(await pollUntil(fetcher, 1)).map(({ value }) => value), ["a"]);
      await fetcher.close();
    },
  );

  test("flush tells what was lost, of which topic, and why", 1, async ({ log, topic }) => {
    const producer = log.producer({ deliveryTimeoutMs: 3_000 });
    appendRecords(producer, topic, [{ value: "kept" }]);
    appendRecords(producer, `${topic}-missing`, [{ value: "a" }, { value: "b" }]);
    appendRecords(producer, topic, [{ partition: 7, value: "c" }]);
    const error = await assertRejects(() => producer.flush(), ProduceError);
    assertEquals(error.lost, new Map([[`${topic}-missing`, 2], [topic, 1]]));
    assert(
      error.message.includes(`${topic}-missing`) && error.message.includes("UNKNOWN_TOPIC_OR_PARTITION"),
      error.message,
    );
    assertEquals(producer.counts, { appended: 4, acknowledged: 1, failed: 3 });
    // Told once; the producer goes on.
    appendRecords(producer, topic, [{ value: "kept too" }]);
    await producer.close();
    assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept", "kept too"]);
  });

  test("ready holds a fast writer back", 1, async ({ log, topic }) => {
    const producer = log.producer({ bufferBytes: 10_000 });
    for (let i = 0; i < 50; i++) {
      appendRecords(producer, topic, [{ value: "x".repeat(1_000) }]);
      await producer.ready();
      assert(producer.pendingBytes <= 10_000, `${producer.pendingBytes} bytes pending`);
    }
    await producer.close();
    assertEquals(await log.offsets([{ topic, partition: 0 }], "latest"), [50]);
  });

  topicsContract(test);
  groupContract(test);
  transactionContract(test);
}

/** Polls until there are `count` records. */
async function pollUntil(
  fetcher: ReturnType<Log["fetcher"]>,
  count: number,
): ReturnType<typeof fetcher.poll> {
  const sets = [];
  const until = performance.now() + 20_000;
  while (sets.reduce((sum, set) => sum + set.count, 0) < count) {
    if (performance.now() > until) throw new Error(`${count} records did not come within 20 s`);
    sets.push(...await fetcher.poll(1_000));
  }
  return sets;
}
