import { assert, assertEquals } from "@std/assert";
import { startBroker } from "../../../scripts/kafka.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import { startProxy } from "../../../scripts/support/proxy.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { MOST_TRIES } from "../../../src/kafka/client/read_failures.ts";
import { FETCH_KEY } from "../../../src/kafka/wire/protocol/fetch.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { appendRecords, recordsOf } from "../../kafka/port/records.ts";
import { connection } from "./broker.ts";

Deno.test("kafka only: what is damaged on the way is fetched again, and each record comes once and in its order", async () => {
  const [port, advertise] = freePorts(2) as [number, number];
  const broker = await startBroker({ proxied: { port, advertise } });
  let answers = 0;
  let damaged = 0;
  const proxy = await startProxy({
    target: { port },
    port: advertise,
    random: seededRandom().random,
    onAnswer: ({ apiKey, size }) => {
      if (apiKey !== FETCH_KEY || size < 1_000 || answers++ % 2 !== 0 || damaged === MOST_TRIES - 1) {
        return undefined;
      }
      damaged++;
      return "corrupt";
    },
  });
  const warnings: string[] = [];
  const logger = { warn: (line: string) => warnings.push(line), error: () => {} };
  const log = new KafkaLog({ ...connection(), brokers: [`127.0.0.1:${advertise}`] }, { logger });
  const topic = "damaged";
  const partitions = [0, 1, 2, 3];
  const each = 10_000;
  try {
    await log.createTopics([{ topic, partitions: partitions.length }]);
    const producer = log.producer();
    for (let i = 0; i < each; i++) {
      appendRecords(
        producer,
        topic,
        partitions.map((partition) => ({ partition, value: `${partition} ${i}` })),
      );
    }
    await producer.close();
    const fetcher = log.fetcher({ partitionBytes: 5_000 });
    for (const partition of partitions) fetcher.assign({ topic, partition }, 0);
    const next = partitions.map(() => 0);
    while (next.some((offset) => offset < each)) {
      for (const { partition, offset, value } of recordsOf(await fetcher.poll(1_000))) {
        assertEquals([offset, value], [next[partition]!, `${partition} ${offset}`]);
        next[partition]!++;
      }
    }
    await fetcher.close();
    assert(damaged > 2, `${damaged} answers were damaged`);
    assert(
      warnings.some((line) => /damaged-\d at offset \d+: received checksum/.test(line)),
      warnings.join("\n"),
    );
  } finally {
    await log.close();
    await proxy.close();
    await broker.stop();
  }
});
