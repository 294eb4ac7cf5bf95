import { assert, assertEquals } from "@std/assert";
import { type Broker, startBroker } from "../../../scripts/support/broker.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import type { Producer } from "../../../src/kafka/port/producer.ts";
import { appendRecords, recordsOf } from "../../kafka/port/records.ts";
import { connection, quiet } from "./broker.ts";

const PARTITIONS = 3;
const KILLS = 3;
/** Long enough that the broker dies while much is under way. */
const VALUE = "x".repeat(300);

/**
 * Keeps a producer busy until `done`. With times of now: a broker that restarts forgets a producer whose last record is older than
 * `producer.id.expiration.ms` (a day) by its own time, and then takes a batch twice that it has not acknowledged.
 */
async function writeUntil(done: () => boolean, producer: Producer, topic: string): Promise<number> {
  let written = 0;
  while (!done()) {
    for (let i = 0; i < 200 && producer.pendingBytes < 2_000_000; i++, written++) {
      appendRecords(producer, topic, [{
        partition: written % PARTITIONS,
        value: `${written} ${VALUE}`,
        timestamp: Date.now(),
      }]);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return written;
}

Deno.test("kafka only: when the broker is killed in a drain again and again, nothing hangs, is lost or doubled", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kos-kill-" });
  let broker: Broker = await startBroker({ dataDir });
  const port = Number(broker.bootstrap.split(":")[1]);
  try {
    const config = { ...connection(), brokers: [broker.bootstrap], requestTimeoutMs: 5_000 };
    const log = new KafkaLog(config, { logger: quiet });
    const topic = "kill";
    await log.createTopics([{ topic, partitions: PARTITIONS }]);
    const producer = log.producer({ deliveryTimeoutMs: 120_000 });
    let killed = false;
    const writing = writeUntil(() => killed, producer, topic);

    const seen: number[][] = Array.from({ length: PARTITIONS }, () => []);
    const count = () => seen.reduce((sum, { length }) => sum + length, 0);
    const fetcher = log.fetcher();
    for (let partition = 0; partition < PARTITIONS; partition++) fetcher.assign({ topic, partition }, 0);
    const drain = async (until: () => boolean) => {
      const giveUpAt = performance.now() + 120_000;
      while (!until()) {
        assert(performance.now() < giveUpAt, `read ${count()} records, and then nothing`);
        for (const { partition, value } of recordsOf(await fetcher.poll(50))) {
          seen[partition]!.push(parseInt(value!));
        }
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const target = count() + 5_000;
      await drain(() => count() > target);
      await broker.kill();
      let back = false;
      const restarting = startBroker({ port, dataDir }).then((restarted) => {
        broker = restarted;
        back = true;
      });
      await drain(() => back);
      await restarting;
    }
    killed = true;
    const written = await writing;
    await producer.flush();
    await drain(() => count() >= written);

    for (const [partition, numbers] of seen.entries()) {
      const wrong = numbers.findIndex((number, i) => number !== PARTITIONS * i + partition);
      assertEquals(wrong, -1, `partition ${partition} has ${numbers[wrong]} at ${wrong}`);
    }
    assertEquals(producer.counts, { appended: written, acknowledged: written, failed: 0 });
    await fetcher.close();
    await producer.close();
    await log.close();
  } finally {
    await broker.wipe();
  }
});
