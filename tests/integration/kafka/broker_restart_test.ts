import { assert, assertEquals } from "@std/assert";
import { startBroker } from "../../../scripts/kafka.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { appendRecords, recordsOf } from "../../kafka/port/records.ts";
import { connection, quiet } from "./broker.ts";

Deno.test("kafka only: when the broker restarts under load, nothing is lost, doubled or out of order", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kos-restart-" });
  let broker = await startBroker({ dataDir });
  const port = Number(broker.bootstrap.split(":")[1]);
  const log = new KafkaLog({ ...connection(), brokers: [broker.bootstrap] }, { logger: quiet });
  const topic = "restart";
  await log.createTopics([{ topic, partitions: 3 }]);
  const member = new TestMember(log, { groupId: "restart-group", topics: [topic] });
  await member.member.join();
  const fetcher = log.fetcher();
  for (const partition of [0, 1, 2]) fetcher.assign({ topic, partition }, 0);
  const producer = log.producer();

  let written = 0;
  const seen: string[][] = [[], [], []];
  const consume = async (until: () => boolean) => {
    const giveUpAt = performance.now() + 60_000;
    while (!until()) {
      assert(performance.now() < giveUpAt, `read ${seen.flat().length} of ${written} within 60 s`);
      for (const { partition, value } of recordsOf(await fetcher.poll(50))) seen[partition]!.push(value!);
      for (let i = 0; i < 100 && producer.pendingBytes < 1_000_000; i++, written++) {
        // Of now: with a time older than a day a broker that starts again forgets the producer, and takes a batch twice.
        appendRecords(producer, topic, [{
          partition: written % 3,
          timestamp: Date.now(),
          value: `${written}`,
        }]);
      }
    }
  };
  await consume(() => seen.flat().length > 1_000);
  await broker.stop();
  const before = seen.flat().length;
  let again = false;
  const restarting = startBroker({ port, dataDir }).then((restarted) => {
    broker = restarted;
    again = true;
  });
  await consume(() => again);
  await restarting;
  const target = written;
  await consume(() => seen.flat().length > Math.max(target, before) + 1_000);
  await producer.flush();
  const written2 = written;
  while (seen.flat().length < written2) {
    for (const { partition, value } of recordsOf(await fetcher.poll(1_000))) seen[partition]!.push(value!);
  }

  for (const [partition, values] of seen.entries()) {
    for (const [i, value] of values.entries()) {
      if (value !== `${3 * i + partition}`) {
        assertEquals({ partition, i, value }, { partition, i, value: `${3 * i + partition}` });
      }
    }
  }
  assertEquals(producer.counts, { appended: written2, acknowledged: written2, failed: 0 });
  assert(producer.retries.count > 0);
  await member.member.commit([{ topic, partition: 0, offset: 5 }]);
  assertEquals(await log.committed("restart-group", [{ topic, partition: 0 }]), [5]);
  await member.member.leave();
  await fetcher.close();
  await producer.close();
  await log.close();
  await broker.wipe();
});
