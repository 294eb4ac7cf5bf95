/** The part of the Log port's contract that is about transactions. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CommitRejected, ProduceError, ProducerFenced } from "../../../src/kafka/port/errors.ts";
import type { FetcherOptions, PartitionBounds } from "../../../src/kafka/port/fetcher.ts";
import type { GroupOffsets, Producer } from "../../../src/kafka/port/producer.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";
import type { ContractContext } from "./log_contract.ts";
import { TestMember } from "./members.ts";
import { appendRecords, readRecords, recordsOf, writeRecords } from "./records.ts";

type Register = (what: string, partitions: number, body: (context: ContractContext) => Promise<void>) => void;

/** Reads one partition as it goes on. */
export class Tail {
  readonly #fetcher;
  readonly partition: TopicPartition;
  readonly seen: (string | null)[] = [];
  readonly offsets: number[] = [];
  next = 0;

  constructor(
    log: Log,
    partition: TopicPartition,
    isolation: FetcherOptions["isolation"] = "read_committed",
  ) {
    this.#fetcher = log.fetcher({ isolation });
    this.partition = partition;
    this.#fetcher.assign(partition, 0);
  }

  /** Reads until the position is at `offset`, or for 20 s. */
  async to(offset: number): Promise<(string | null)[]> {
    const until = performance.now() + 20_000;
    while (this.next < offset) {
      assert(performance.now() < until, `read to ${this.next} instead of ${offset} within 20 s`);
      await this.poll(100);
    }
    return this.seen;
  }

  async poll(ms: number): Promise<void> {
    const sets = await this.#fetcher.poll(ms);
    for (const { offset, value } of recordsOf(sets)) {
      this.offsets.push(offset);
      this.seen.push(value);
    }
    for (const set of sets) this.next = set.nextOffset;
  }

  get end(): number | undefined {
    return this.#fetcher.endOffset(this.partition);
  }

  get bounds(): PartitionBounds | undefined {
    return this.#fetcher.bounds(this.partition);
  }

  close(): Promise<void> {
    return this.#fetcher.close();
  }
}

/** Registers the contract's tests about transactions. */
export function transactionContract(test: Register): void {
  const only = (topic: string): TopicPartition => ({ topic, partition: 0 });

  test("a transaction is seen as a whole, when it is committed", 2, async ({ log, topic }) => {
    const producer = log.producer({ transactionalId: `tx-${topic}` });
    const committed = new Tail(log, only(topic));
    const uncommitted = new Tail(log, only(topic), "read_uncommitted");
    await writeRecords(log, topic, [{ value: "before" }]);
    await producer.begin();
    appendRecords(producer, topic, [{ value: "a" }, { value: "b" }, { partition: 1, value: "other" }]);
    await producer.flush();
    await writeRecords(log, topic, [{ value: "between" }]);
    assertEquals(await uncommitted.to(4), ["before", "a", "b", "between"]);
    assertEquals(await committed.to(1), ["before"]);
    await committed.poll(50);
    assertEquals([committed.seen, committed.end], [["before"], 1]);
    // What lag is measured to.
    assertEquals([committed.bounds?.endOffset, uncommitted.bounds?.endOffset], [1, 4]);
    const first = [{ topic, partition: 0 }];
    assertEquals([await log.offsets(first, "stable"), await log.offsets(first, "latest")], [[1], [4]]);
    await producer.commit();
    // The marker that ends a transaction has an offset of its own; the broker may write it after it has answered.
    assertEquals(await committed.to(5), ["before", "a", "b", "between"]);
    await writeRecords(log, topic, [{ value: "after" }]);
    assertEquals(await committed.to(6), ["before", "a", "b", "between", "after"]);
    assertEquals(committed.offsets, [0, 1, 2, 3, 5]);
    assertEquals((await readRecords(log, topic)).map(({ value }) => value).at(-1), "other");
    assertEquals(producer.counts, { appended: 3, acknowledged: 3, failed: 0 });
    for (const each of [committed, uncommitted, producer]) await each.close();
  });

  test("an aborted transaction is left out, with gaps, and the next one works", 1, async ({ log, topic }) => {
    const producer = log.producer({ transactionalId: `tx-${topic}` });
    const committed = new Tail(log, only(topic));
    const uncommitted = new Tail(log, only(topic), "read_uncommitted");
    await producer.begin();
    appendRecords(producer, topic, [{ value: "0" }]);
    await producer.commit();
    await producer.begin();
    appendRecords(producer, topic, [{ value: "2 gone" }, { value: "3 gone" }]);
    await producer.flush();
    await writeRecords(log, topic, [{ value: "4" }]);
    appendRecords(producer, topic, [{ value: "5 gone" }]);
    await producer.flush();
    await producer.abort();
    await producer.begin();
    appendRecords(producer, topic, [{ value: "7" }]);
    await producer.commit();
    assertEquals(await committed.to(9), ["0", "4", "7"]);
    assertEquals(committed.offsets, [0, 4, 7]);
    assertEquals(await uncommitted.to(9), ["0", "2 gone", "3 gone", "4", "5 gone", "7"]);
    for (const each of [committed, uncommitted, producer]) await each.close();
  });

  test("many aborted and committed transactions of two producers", 1, async ({ log, topic }) => {
    const producers = [0, 1].map((i) => log.producer({ transactionalId: `tx-${i}-${topic}` }));
    const kept: string[] = [];
    let n = 0;
    for (let round = 0; round < 12; round++) {
      for (const producer of producers) await producer.begin();
      for (let i = 0; i < 6; i++) {
        const which = (i + round) % 2;
        // Producer 1 aborts each third time, producer 0 each second.
        const value = `${n++}`;
        appendRecords(producers[which]!, topic, [{ value }]);
        await producers[which]!.flush();
        if (round % (2 + which) !== 0) kept.push(value);
      }
      for (const [which, producer] of producers.entries()) {
        await (round % (2 + which) === 0 ? producer.abort() : producer.commit());
      }
    }
    await writeRecords(log, topic, [{ value: "end" }]);
    assertEquals((await readRecords(log, topic)).map(({ value }) => value), [...kept, "end"]);
    for (const producer of producers) await producer.close();
  });

  test("what an aborted transaction has not sent is dropped and counted", 1, async ({ log, topic }) => {
    const producer = log.producer({ transactionalId: `tx-${topic}`, lingerMs: 60_000 });
    await producer.begin();
    appendRecords(producer, topic, [{ value: "gone" }]);
    await producer.abort();
    assertEquals(producer.pendingBytes, 0);
    const { appended, acknowledged, failed } = producer.counts;
    assertEquals([appended, acknowledged + failed], [1, 1]);
    await producer.begin();
    appendRecords(producer, topic, [{ value: "kept" }]);
    await producer.commit();
    assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept"]);
    await producer.close();
  });

  test("offsets are committed with the records, or not at all", 2, async ({ log, topic, groupId }) => {
    const member = new TestMember(log, { groupId, topics: [topic] });
    await member.member.join();
    const producer = log.producer({ transactionalId: `tx-${topic}` });
    const both = [0, 1].map((partition) => ({ topic, partition }));
    const at = (a: number, b: number): GroupOffsets => ({
      groupId,
      memberId: member.member.memberId,
      generation: member.member.generation,
      offsets: [{ ...both[0]!, offset: a }, { ...both[1]!, offset: b }],
    });
    await producer.begin();
    appendRecords(producer, topic, [{ value: "1" }]);
    await producer.commit(at(5, 6));
    assertEquals(await log.committed(groupId, both), [5, 6]);
    await producer.begin();
    await producer.commit(at(7, 8));
    assertEquals(await log.committed(groupId, both), [7, 8]);
    await producer.begin();
    appendRecords(producer, topic, [{ value: "2" }]);
    await producer.abort();
    assertEquals(await log.committed(groupId, both), [7, 8]);
    for (let i = 10; i < 15; i++) {
      await producer.begin();
      appendRecords(producer, topic, [{ value: `${i}` }]);
      await producer.commit(at(i, 2 * i));
    }
    assertEquals(await log.committed(groupId, both), [14, 28]);
    await producer.close();
    await member.member.leave();
    assertEquals((await readRecords(log, topic)).length, 6);
  });

  test(
    "a stale generation, or a member that is gone, commits nothing",
    1,
    async ({ log, topic, groupId }) => {
      const member = new TestMember(log, { groupId, topics: [topic] });
      await member.member.join();
      const producer = log.producer({ transactionalId: `tx-${topic}` });
      const { memberId, generation } = member.member;
      const offsets: GroupOffsets = {
        groupId,
        memberId,
        generation: generation - 1,
        offsets: [{ ...only(topic), offset: 3 }],
      };
      await producer.begin();
      appendRecords(producer, topic, [{ value: "gone" }]);
      const unknown = { ...offsets, generation, memberId: "nobody" };
      const gone = await assertRejects(() => producer.commit(unknown), CommitRejected, groupId);
      assertEquals(gone.retriable, false);
      assertThrows(() => appendRecords(producer, topic, [{ value: "x" }]), Error, "abort");
      await assertRejects(() => producer.begin(), Error, "abort");
      await assertRejects(() => producer.commit(), Error, "abort");
      await producer.abort();
      await producer.begin();
      appendRecords(producer, topic, [{ value: "kept" }]);
      const stale = await assertRejects(() => producer.commit(offsets), CommitRejected, groupId);
      assertEquals(stale.retriable, true);
      // It is still open, and can be committed in the name of the generation that there is now.
      await producer.commit({ ...offsets, generation });
      assertEquals(await log.committed(groupId, [only(topic)]), [3]);
      assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept"]);
      await producer.close();
      await member.member.leave();
    },
  );

  test(
    "a producer is fenced by the next one with its id, which aborts what it left open",
    1,
    async (context) => {
      const { log, topic, groupId } = context;
      const member = new TestMember(log, { groupId, topics: [topic] });
      await member.member.join();
      const { memberId, generation } = member.member;
      const offsets = { groupId, memberId, generation, offsets: [{ ...only(topic), offset: 9 }] };
      const options = { transactionalId: `tx-${topic}` };
      const dead = log.producer(options);
      await dead.begin();
      appendRecords(dead, topic, [{ value: "of the dead" }]);
      await dead.flush();
      await dead.close({ abandon: true });

      const old = log.producer(options);
      await old.begin();
      appendRecords(old, topic, [{ value: "kept" }]);
      await old.commit();
      await old.begin();
      appendRecords(old, topic, [{ value: "of the old" }]);
      await old.flush();

      const young = log.producer(options);
      await young.begin();
      await assertRejects(() => old.commit(offsets), ProducerFenced, options.transactionalId);
      await assertRejects(() => old.begin(), ProducerFenced);
      await assertRejects(() => old.abort(), ProducerFenced);
      await old.close();
      appendRecords(young, topic, [{ value: "of the young" }]);
      await young.commit();
      assertEquals(await log.committed(groupId, [only(topic)]), [undefined]);
      assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept", "of the young"]);
      await young.close();
      await member.member.leave();
    },
  );

  test("a fenced producer notices when it writes, commits nothing or begins", 1, async ({ log, topic }) => {
    const fenced = async (
      prepare: (producer: Producer) => Promise<void>,
      act: (producer: Producer) => Promise<void>,
    ) => {
      const options = { transactionalId: `tx-${topic}` };
      const old = log.producer(options);
      await old.begin();
      appendRecords(old, topic, [{ value: "old" }]);
      await prepare(old);
      const young = log.producer(options);
      await young.begin();
      await assertRejects(() => act(old), ProducerFenced);
      await old.close();
      await young.close();
    };
    await fenced((p) => p.flush(), async (p) => {
      appendRecords(p, topic, [{ value: "late" }]);
      await p.flush();
    });
    await fenced((p) => p.commit(), async (p) => {
      await p.begin();
      appendRecords(p, topic, [{ value: "late" }]);
      await p.commit();
    });
    assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["old"]);
  });

  test("steps in the wrong order are refused", 1, async ({ log, topic }) => {
    const plain = log.producer();
    await assertRejects(() => plain.begin(), Error, "transactionalId");
    await assertRejects(() => plain.commit(), Error, "transactionalId");
    await plain.abort();
    await plain.close();
    const producer = log.producer({ transactionalId: `tx-${topic}` });
    assertThrows(() => appendRecords(producer, topic, [{ value: "x" }]), Error, "begin");
    await assertRejects(() => producer.commit(), Error, "begin");
    await producer.abort();
    await producer.begin();
    await assertRejects(() => producer.begin(), Error, "open");
    await producer.commit();
    assertThrows(() => appendRecords(producer, topic, [{ value: "x" }]), Error, "begin");
    await producer.begin();
    appendRecords(producer, topic, [{ value: "dropped" }]);
    await producer.close(); // aborts
    await assertRejects(() => producer.begin(), Error, "closed");
    await writeRecords(log, topic, [{ value: "end" }]);
    assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["end"]);
  });

  test(
    "a record that can't be written keeps its transaction from being committed",
    1,
    async ({ log, topic }) => {
      const producer = log.producer({ transactionalId: `tx-${topic}`, deliveryTimeoutMs: 2_000 });
      await producer.begin();
      appendRecords(producer, topic, [{ value: "gone" }]);
      appendRecords(producer, `${topic}-not`, [{ value: "nowhere" }]);
      const error = await assertRejects(() => producer.commit(), ProduceError, "UNKNOWN_TOPIC");
      assertEquals(error.lost, new Map([[`${topic}-not`, 1]]));
      await producer.abort();
      await producer.begin();
      appendRecords(producer, topic, [{ value: "kept" }]);
      await producer.commit();
      await producer.close();
      assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept"]);
    },
  );
}
