import { assertEquals } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { logProductionErrors, StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/mod.ts";
import { until, type WithPlace } from "../../engine/app/app_contract.ts";
import { deadLetterContract } from "../../engine/app/dead_letter_contract.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };

const withPlace: WithPlace = async (body) => {
  const log = new KafkaLog(connectionConfig((name) => Deno.env.get(name)), {
    clientId: "test",
    logger: silent,
  });
  const name = `dead-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    await log.deleteTopics(["in", "out", "dead"].map((topic) => `${name}-${topic}`));
    await log.close();
  }
};

deadLetterContract("Kafka", withPlace);

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`Kafka, ${processingGuarantee}: a record that is too large for its topic fits among the dead letters`, () =>
    withPlace(async ({ log, name }) => {
      await log.createTopics(["in", "out"].map((topic) => ({
        topic: `${name}-${topic}`,
        partitions: 1,
        replicationFactor: 1,
        ...(topic === "out" ? { config: { "max.message.bytes": "20000" } } : {}),
      })));
      const text = { key: stringSerde(), value: stringSerde() };
      const builder = new StreamsBuilder();
      // 2 MB are more than the broker's own limit.
      builder.stream(`${name}-in`, text)
        .mapValues((value) => value === "large" ? "x".repeat(2_000_000) : value)
        .to(`${name}-out`, text);
      const producer = log.producer();
      for (let i = 0; i < 100; i++) {
        const bytes = new TextEncoder().encode(i === 50 ? "large" : `value ${i}`);
        producer.append(`${name}-in`, 0, Date.now(), whole(bytes), whole(bytes));
      }
      await producer.close();
      const app = new StreamsApp(builder.build(), log, {
        applicationId: name,
        processingGuarantee,
        onProductionError: logProductionErrors(silent, () => 0, `${name}-dead`),
        deadLetterTopics: [`${name}-dead`],
      });
      await app.start();
      await until("all processed", () => app.stats.processed === 100);
      await app.close();
      const fetcher = log.fetcher();
      const partitions = ["out", "dead"].map((topic) => ({ topic: `${name}-${topic}`, partition: 0 }));
      for (const each of partitions) fetcher.assign(each, 0);
      const found = { out: [] as number[], dead: [] as number[] };
      await until("all read", async () => {
        for (const set of await fetcher.poll(100)) {
          const list = set.topic.endsWith("-out") ? found.out : found.dead;
          for (let i = 0; i < set.count; i++) list.push(set.value(i)!.length);
        }
        return found.out.length >= 99 && found.dead.length >= 1;
      });
      await fetcher.close();
      assertEquals([found.out.length, found.dead], [99, [2_000_000]]);
    }));
}
