/** Transactions as only Kafka has them: other clients, timeouts, brokers that go away. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import kafkajs from "kafkajs";
import { startBroker } from "../../../scripts/kafka.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { ProducerFenced } from "../../../src/kafka/port/errors.ts";
import { delay } from "../../../src/kafka/common/retrying.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { appendRecords, readRecords, writeRecords } from "../../kafka/port/records.ts";
import { Tail } from "../../kafka/port/transaction_contract.ts";
import { brokers, connection, quiet } from "./broker.ts";

function test(name: string, body: (log: KafkaLog, topic: string) => Promise<void>): void {
  Deno.test(`kafka transactions: ${name}`, async () => {
    const topic = `transactions-${crypto.randomUUID().slice(0, 8)}`;
    const log = new KafkaLog(connection(), { logger: quiet });
    try {
      await log.createTopics([{ topic, partitions: 2 }]);
      await body(log, topic);
    } finally {
      await log.deleteTopics([topic]);
      await log.close();
    }
  });
}

for (const compression of ["none", "gzip"] as const) {
  test(`kafkajs's consumer reads what was committed, and only that (${compression})`, async (log, topic) => {
    const producer = log.producer({ transactionalId: topic, compression });
    for (let i = 0; i < 10; i++) {
      await producer.begin();
      appendRecords(producer, topic, [{ value: `${i}` }, { partition: 1, value: `${i}` }]);
      await (i % 3 === 1 ? producer.abort() : producer.commit());
    }
    await producer.begin();
    appendRecords(producer, topic, [{ value: "open" }, { partition: 1, value: "open" }]);
    await producer.flush();
    const kafka = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `${topic}-group`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const seen: string[][] = [[], []];
    const { promise, resolve } = Promise.withResolvers<void>();
    await consumer.run({
      // deno-lint-ignore require-await
      eachMessage: async ({ partition, message }) => {
        seen[partition]!.push(String(message.value));
        if (seen.every((values) => values.includes("end"))) resolve();
      },
    });
    await producer.abort();
    await writeRecords(log, topic, [{ value: "end" }, { partition: 1, value: "end" }]);
    await promise;
    await consumer.disconnect();
    await producer.close();
    const kept = ["0", "2", "3", "5", "6", "8", "9", "end"];
    assertEquals(seen, [kept, kept]);
  });
}

test("a transaction open for too long is aborted, and its producer fenced", async (log, topic) => {
  const producer = log.producer({ transactionalId: topic, transactionTimeoutMs: 500 });
  await producer.begin();
  appendRecords(producer, topic, [{ value: "late" }]);
  await producer.flush();
  const tail = new Tail(log, { topic, partition: 0 });
  // The broker looks for them every ten seconds.
  await tail.to(2);
  assertEquals(tail.seen, []);
  const error = await assertRejects(() => producer.commit(), ProducerFenced);
  assert(error.message.includes("500 ms"), error.message);
  await producer.close();
  await tail.close();
});

test("many producers share a few connections, and each keeps its transactions apart", async (log, topic) => {
  const producers = Array.from({ length: 24 }, (_, i) => log.producer({ transactionalId: `${topic}-${i}` }));
  const kept: string[] = [];
  await Promise.all(producers.map(async (producer, i) => {
    for (let round = 0; round < 3; round++) {
      const value = `${i}-${round}`;
      await producer.begin();
      appendRecords(producer, topic, [{ partition: i % 2, value }]);
      if ((i + round) % 3 === 0) {
        await producer.flush();
        await producer.abort();
      } else {
        await producer.commit();
        kept.push(value);
      }
    }
    await producer.close();
  }));
  assertEquals((await readRecords(log, topic)).map(({ value }) => value!).sort(), kept.sort());
});

Deno.test("kafka transactions: a broker that restarts in the middle neither loses nor doubles any", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kos-transactions-" });
  let broker = await startBroker({ dataDir });
  const port = Number(broker.bootstrap.split(":")[1]);
  const log = new KafkaLog({ ...connection(), brokers: [broker.bootstrap] }, { logger: quiet });
  const topic = "restart";
  await log.createTopics([{ topic, partitions: 3 }]);
  const member = new TestMember(log, { groupId: "restart-group", topics: [topic] });
  await member.member.join();
  // Long enough for the restart, so that the transaction that it interrupts can be committed after it.
  const producer = log.producer({ transactionalId: "restart-tx", transactionTimeoutMs: 60_000 });
  const source = { topic, partition: 0 };
  let committed = 0;
  const round = async () => {
    const n = committed;
    await producer.begin();
    appendRecords(producer, topic, [{ value: `${n}` }, { partition: 1, value: `${n}` }]);
    if (n % 2 === 0) await producer.flush();
    const { memberId, generation } = member.member;
    await producer.commit({
      groupId: "restart-group",
      memberId,
      generation,
      offsets: [{ ...source, offset: n + 1 }],
    });
    committed++;
  };
  for (let i = 0; i < 20; i++) await round();
  const aborting = log.producer({ transactionalId: "restart-aborting", transactionTimeoutMs: 60_000 });
  await aborting.begin();
  appendRecords(aborting, topic, [{ partition: 2, value: "before" }]);
  await aborting.flush();
  const restarting = (async () => {
    await broker.stop();
    // Sent, but not answered: whether the broker has it nobody knows, when the transaction is aborted.
    appendRecords(aborting, topic, [{ partition: 2, value: "in doubt" }]);
    await delay(50);
    const aborted = aborting.abort();
    broker = await startBroker({ port, dataDir });
    await aborted;
    await aborting.begin();
    appendRecords(aborting, topic, [{ partition: 2, value: "afterwards" }]);
    await aborting.commit();
    await aborting.close();
  })();
  const until = performance.now() + 60_000;
  let restarted = false;
  restarting.then(() => restarted = true, () => restarted = true);
  while (!restarted || committed < 40) {
    assert(performance.now() < until, `${committed} transactions within 60 s`);
    await round();
    await delay(5);
  }
  await restarting;
  await round();
  assertEquals(await log.committed("restart-group", [source]), [committed]);
  const values = Array.from({ length: committed }, (_, i) => `${i}`);
  assertEquals((await readRecords(log, topic)).map(({ value }) => value), [
    ...values,
    ...values,
    "afterwards",
  ]);
  assertEquals(producer.counts.failed, 0);
  await producer.close();
  await member.member.leave();
  await log.close();
  await broker.wipe();
});
