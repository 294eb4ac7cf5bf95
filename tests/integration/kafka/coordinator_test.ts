/** Coordinators that are not ready yet, or have forgotten: on brokers of these tests' own. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBroker } from "../../../scripts/support/broker.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import type { Producer } from "../../../src/kafka/port/producer.ts";
import { ProducerFenced } from "../../../src/kafka/port/errors.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { appendRecords, readRecords } from "../../kafka/port/records.ts";

async function withBroker(
  settings: Record<string, string>,
  requestTimeoutMs: number,
  body: (log: KafkaLog, warned: string[]) => Promise<void>,
): Promise<void> {
  const broker = await startBroker({ settings });
  const warned: string[] = [];
  const log = new KafkaLog(
    { brokers: [broker.bootstrap], ssl: false, requestTimeoutMs, retryBackoffMs: 100 },
    { logger: { warn: (line) => warned.push(line), error: (line) => warned.push(line) } },
  );
  try {
    await body(log, warned);
  } finally {
    await log.close();
    await broker.stop();
  }
}

Deno.test("right after 1,000 partitions were created, groups, offsets and transactions begin all the same", async () => {
  // Its first group and transaction make the broker create its own topics, behind those.
  const settings = { "offsets.topic.num.partitions": "20", "transaction.state.log.num.partitions": "20" };
  await withBroker(settings, 5_000, async (log) => {
    const all = Array.from({ length: 1_000 }, (_, partition) => ({ topic: "many", partition }));
    await log.createTopics([{ topic: "many", partitions: all.length }]);
    const member = new TestMember(log, { groupId: "g", topics: ["many"] });
    const producer = log.producer({ transactionalId: "t" });
    const [committed, ends] = await Promise.all([
      log.committed("g", all),
      log.offsets(all, "latest"),
      member.member.join(),
      producer.begin(),
    ]);
    assertEquals(new Set(committed), new Set([undefined]));
    assertEquals(new Set(ends), new Set([0]));
    assertEquals(member.owned.size, all.length);
    appendRecords(producer, "many", [{ partition: 999, value: "a" }]);
    await producer.commit();
    await producer.close();
    await member.member.leave();
  });
});

async function write(producer: Producer, value: string): Promise<void> {
  await producer.begin();
  appendRecords(producer, "in", [{ value }]);
  await producer.commit();
}

const FORGETFUL = {
  "transactional.id.expiration.ms": "1000",
  "transaction.remove.expired.transaction.cleanup.interval.ms": "100",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "100",
};

Deno.test("a transactional id that the broker has forgotten begins again by itself, and says so", async () => {
  await withBroker(FORGETFUL, 20_000, async (log, warned) => {
    await log.createTopics([{ topic: "in", partitions: 1 }]);
    const producer = log.producer({ transactionalId: "idle" });
    const values: string[] = [];
    // When it forgets is the broker's to choose.
    for (let i = 0; warned.length === 0 && i < 15; i++) {
      await write(producer, `${i}`);
      values.push(`${i}`);
      await delay(2_000);
    }
    assert(warned.some((line) => line.includes("transactional.id.expiration.ms")), warned.join());
    await write(producer, "after");
    await producer.close();
    assertEquals((await readRecords(log, "in")).map(({ value }) => value), [...values, "after"]);
  });
});

Deno.test("who was forgotten does not take the id from who has begun with it since", async () => {
  await withBroker(FORGETFUL, 20_000, async (log, warned) => {
    await log.createTopics([{ topic: "in", partitions: 1 }]);
    const zombie = log.producer({ transactionalId: "idle" });
    await write(zombie, "zombie");
    // Until the broker has forgotten the id: another producer then gets another producer id.
    const probe = log.producer({ transactionalId: "probe" });
    for (let i = 0; warned.length === 0 && i < 15; i++) {
      await write(probe, "probe");
      await delay(2_000);
    }
    assert(warned.length > 0);
    await probe.close();
    const owner = log.producer({ transactionalId: "idle" });
    await write(owner, "owner");
    await assertRejects(() => write(zombie, "zombie again"), ProducerFenced);
    await write(owner, "owner again");
    await zombie.close();
    await owner.close();
    const read = (await readRecords(log, "in")).map(({ value }) => value).filter((value) =>
      value !== "probe"
    );
    assertEquals(read, ["zombie", "owner", "owner again"]);
  });
});
