/** What only Kafka has: other clients, sessions that time out, brokers that are not there, limits of the broker. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { BrokerUnavailable, CommitRejected, ProduceError } from "../../../src/kafka/port/errors.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { appendRecords, bytes, readRecords, recordsOf, writeRecords } from "../../kafka/port/records.ts";
import { brokers, connection, quiet } from "./broker.ts";
import kafkajs from "kafkajs";

interface Context {
  readonly log: KafkaLog;
  readonly topic: string;
  readonly groupId: string;
  readonly kafka: kafkajs.Kafka;
}

function test(name: string, body: (context: Context) => Promise<void>): void {
  Deno.test(`kafka only: ${name}`, async () => {
    const id = crypto.randomUUID().slice(0, 8);
    const topic = `only-${id}`;
    const log = new KafkaLog(connection(), { logger: quiet });
    const kafka = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING });
    try {
      await body({ log, topic, groupId: `only-group-${id}`, kafka });
    } finally {
      await log.deleteTopics([topic]);
      await log.close();
    }
  });
}

test("records of aborted and open transactions are left out, and reading leads past them", async ({ log, topic, kafka }) => {
  await log.createTopics([{ topic, partitions: 1 }]);
  const producer = kafka.producer({
    transactionalId: `tx-${topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: { initialRetryTime: 5 },
  });
  await producer.connect();
  const write = async (value: string, end: "commit" | "abort") => {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value }] });
    await transaction[end]();
  };
  await write("kept", "commit");
  await write("dropped", "abort");
  await write("kept too", "commit");
  await producer.disconnect();
  assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["kept", "kept too"]);
});

test("no broker: what was tried and what to do, within seconds", async () => {
  const config = { ...connection(), brokers: ["127.0.0.1:1", "localhost:2"] };
  const log = new KafkaLog(config, { logger: quiet });
  const began = performance.now();
  const error = await assertRejects(() => log.describeTopics(["t"]), BrokerUnavailable);
  assert(performance.now() - began < 10_000);
  for (const part of ["127.0.0.1:1", "localhost:2", "ECONNREFUSED", "deno task kafka", "KAFKA_BROKERS"]) {
    assert(error.message.includes(part), error.message);
  }
  const elsewhere = new KafkaLog({ ...config, brokers: ["127.0.0.1:1", "kafka.invalid:9092"] }, {
    logger: quiet,
  });
  const unknown = await assertRejects(() => elsewhere.describeTopics(["t"]), BrokerUnavailable);
  assert(!unknown.message.includes("deno task kafka"), unknown.message);
  await elsewhere.close();
  const member = new TestMember(log, { groupId: "g", topics: ["t"] });
  await assertRejects(() => member.member.join(), Error, "127.0.0.1:1");
  await member.member.leave();
  const producer = log.producer({ deliveryTimeoutMs: 500 });
  appendRecords(producer, "t", [{ value: "a" }]);
  const lost = await assertRejects(() => producer.close(), ProduceError);
  assert(lost.message.includes("500 ms") && lost.message.includes("ECONNREFUSED"), lost.message);
  const abandoned = log.producer();
  appendRecords(abandoned, "t", [{ value: "a" }]);
  await abandoned.close({ abandon: true });
  assertEquals(abandoned.counts.acknowledged, 0);
  await log.close();
});

test("a member that sends no heartbeat loses its session, is told, and joins anew", async ({ log, topic, groupId }) => {
  await log.createTopics([{ topic, partitions: 2 }]);
  const silent = new TestMember(log, {
    groupId,
    topics: [topic],
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 60_000,
  });
  await silent.member.join();
  const other = new TestMember(log, { groupId, topics: [topic], sessionTimeoutMs: 6_000 });
  const joined = other.member.join();
  await joined;
  await other.untilOwns(2);
  const error = await assertRejects(
    () => silent.member.commit([{ topic, partition: 0, offset: 1 }]),
    CommitRejected,
  );
  assertEquals(error.retriable, false);
  await silent.until(() => silent.events.some(({ what }) => what === "lost"), "lost");
  assertEquals(silent.owned.size, 0);
  await other.untilOwns(1);
  await Promise.all([silent.member.leave(), other.member.leave()]);
});

test("the leader notices new partitions of its topics", async ({ topic, groupId, kafka }) => {
  const log = new KafkaLog(connection(), { logger: quiet, metadataRefreshMs: 200 });
  await log.createTopics([{ topic, partitions: 1 }]);
  const one = new TestMember(log, { groupId, topics: [topic] });
  await one.member.join();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  await admin.disconnect();
  await one.untilOwns(3);
  await one.member.leave();
  await log.close();
});

test("Kafka's tools describe the group rightly", async ({ log, topic, groupId, kafka }) => {
  await log.createTopics([{ topic, partitions: 2 }]);
  const one = new TestMember(log, { groupId, topics: [topic] });
  await one.member.join();
  const admin = kafka.admin();
  await admin.connect();
  const describe = async () => (await admin.describeGroups([groupId])).groups[0]!;
  const group = await describe();
  assertEquals([group.state, group.protocolType, group.protocol], ["Stable", "consumer", "test-even"]);
  const [member] = group.members;
  assertEquals([member!.memberId, member!.clientId], [one.member.memberId, "kos"]);
  const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(member!.memberAssignment);
  assertEquals(assigned?.assignment, { [topic]: [0, 1] });
  assertEquals(kafkajs.AssignerProtocol.MemberMetadata.decode(member!.memberMetadata)?.topics, [topic]);
  await one.member.leave();
  assertEquals((await describe()).state, "Empty");
  await admin.disconnect();
});

test("a static member that comes back in time causes no rebalance", async ({ log, topic, groupId }) => {
  await log.createTopics([{ topic, partitions: 2 }]);
  const options = { groupId, topics: [topic], groupInstanceId: "one" };
  const before = new TestMember(log, options);
  const other = new TestMember(log, { groupId, topics: [topic] });
  await before.member.join();
  await other.member.join();
  await Promise.all([before.untilOwns(1), other.untilOwns(1)]);
  const [owned, rebalances] = [[...before.owned], other.member.rebalances];
  await before.member.leave();
  const after = new TestMember(log, options);
  await after.member.join();
  assertEquals([...after.owned], owned);
  assertEquals(other.member.rebalances, rebalances);
  await Promise.all([after.member.leave(), other.member.leave()]);
});

test("a record larger than the topic takes is lost by name; a batch is split", async ({ log, topic }) => {
  await log.createTopics([{ topic, partitions: 1, config: { "max.message.bytes": "10000" } }]);
  const producer = log.producer({ batchBytes: 100_000 });
  const values = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(1_000, "."));
  const headers = [{ key: "h", value: bytes("x") }];
  appendRecords(producer, topic, values.map((value, i) => ({ key: `${i}`, value, timestamp: i, headers })));
  await producer.flush();
  appendRecords(producer, topic, [{ value: "x".repeat(20_000) }]);
  const error = await assertRejects(() => producer.flush(), ProduceError, "MESSAGE_TOO_LARGE");
  assertEquals(error.lost, new Map([[topic, 1]]));
  appendRecords(producer, topic, [{ value: "after" }]);
  await producer.close();
  assertEquals(producer.counts, { appended: 52, acknowledged: 51, failed: 1 });
  assertEquals(producer.pendingBytes, 0);
  const read = await readRecords(log, topic);
  assertEquals(read.map(({ value }) => value), [...values, "after"]);
  assertEquals(read[7], { partition: 0, offset: 7, timestamp: 7, key: "7", value: values[7]!, headers });
});

test("topics that can't be created say why", async ({ log, topic }) => {
  const error = await assertRejects(
    () => log.createTopics([{ topic, partitions: 1, replicationFactor: 9 }]),
    Error,
    "INVALID_REPLICATION_FACTOR",
  );
  assert(error.message.includes(topic) && error.message.includes("brokers"), error.message);
});

test("a group that another protocol uses can't be joined, and says so", async ({ log, topic, groupId, kafka }) => {
  await log.createTopics([{ topic, partitions: 1 }]);
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await joined;
  const one = new TestMember(log, { groupId, topics: [topic] });
  await assertRejects(() => one.member.join(), Error, "INCONSISTENT_GROUP_PROTOCOL");
  await one.member.leave();
  await consumer.disconnect();
});

test("what is assigned or resumed while a fetch takes its time does not wait for it", async ({ log, topic }) => {
  await log.createTopics([{ topic, partitions: 3 }]);
  await writeRecords(log, topic, [{ partition: 1, value: "a" }, { partition: 2, value: "b" }]);
  const [quiet, assigned, resumed] = [0, 1, 2].map((partition) => ({ topic, partition }));
  const fetcher = log.fetcher({ maxWaitMs: 1, quietWaitMs: 600_000 });
  fetcher.assign(resumed!, 0);
  fetcher.pause(resumed!);
  fetcher.assign(quiet!, 0);
  // Told of no more: a fetch of it takes its time.
  for (let heard = false; !heard || fetcher.bounds(quiet!) !== undefined;) {
    heard ||= fetcher.bounds(quiet!) !== undefined;
    assertEquals(await fetcher.poll(10), []);
  }
  fetcher.assign(assigned!, 0);
  assertEquals(recordsOf(await fetcher.poll(60_000)).map(({ value }) => value), ["a"]);
  fetcher.resume(resumed!);
  assertEquals(recordsOf(await fetcher.poll(60_000)).map(({ value }) => value), ["b"]);
  await fetcher.close();
});

test("the first producers, fetchers and members take the spare connections; the log closes the others", async ({ log, topic }) => {
  await log.createTopics([{ topic, partitions: 1 }]);
  const spared = new KafkaLog(connection(), { logger: quiet, spareConnections: 3 });
  await writeRecords(spared, topic, [{ value: "a" }]);
  assertEquals((await readRecords(spared, topic)).map(({ value }) => value), ["a"]);
  await spared.close();
  const unreachable = { ...connection(), brokers: ["127.0.0.1:1"] };
  await new KafkaLog(unreachable, { logger: quiet, spareConnections: 2 }).close();
});

test("records written while a fetcher waits arrive at once", async ({ log, topic }) => {
  await log.createTopics([{ topic, partitions: 1 }]);
  const fetcher = log.fetcher({ maxWaitMs: 5_000 });
  fetcher.assign({ topic, partition: 0 }, 0);
  assertEquals(await fetcher.poll(100), []);
  const began = performance.now();
  const polled = fetcher.poll(20_000);
  await writeRecords(log, topic, [{ value: "a" }]);
  assertEquals((await polled)[0]?.count, 1);
  assert(performance.now() - began < 3_000);
  await fetcher.close();
});
