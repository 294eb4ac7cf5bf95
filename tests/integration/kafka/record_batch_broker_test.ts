/** Random records over a real broker: between our clients and kafkajs's, and what the broker compresses itself. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { decompress } from "../../../src/kafka/wire/record_batch/compression.ts";
import {
  groupHeaders,
  plainHeaders,
  withoutNullHeaders,
} from "../../kafka/wire/record_batch/kafkajs_headers.ts";
import {
  type PlainRecord,
  randomRecords,
  recordsOf,
  withSeed,
} from "../../kafka/wire/record_batch/record_batch_support.ts";
import { brokers, connection, quiet } from "./broker.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

/** Several batches of several fetches. */
const RECORDS = 400;
const BATCH_BYTES = 20_000;

/** Keeps records of any age, and lets them be of the future. */
const ANY_TIME = { "retention.ms": "-1", "message.timestamp.after.max.ms": "9223372036854775807" };

interface Context {
  readonly log: KafkaLog;
  readonly topic: string;
  readonly kafka: kafkajs.Kafka;
  readonly records: readonly PlainRecord[];
}

function test(
  name: string,
  config: Readonly<Record<string, string>>,
  body: (context: Context) => Promise<void>,
): void {
  Deno.test(`record batches over a broker: ${name}`, () =>
    withSeed(async (random) => {
      const topic = `batch-${crypto.randomUUID().slice(0, 8)}`;
      const log = new KafkaLog(connection(), { logger: quiet });
      const kafka = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING });
      try {
        await log.createTopics([{ topic, partitions: 1, config: { ...ANY_TIME, ...config } }]);
        await body({ log, topic, kafka, records: randomRecords(random, RECORDS) });
      } finally {
        await log.deleteTopics([topic]);
        await log.close();
      }
    }));
}

async function writeOurs(
  { log, topic, records }: Context,
  compression: "none" | "gzip",
): Promise<void> {
  const producer = log.producer({ compression, batchBytes: BATCH_BYTES });
  for (const { timestamp, key, value, headers } of records) {
    producer.append(topic, 0, timestamp, whole(key), whole(value), headers);
  }
  await producer.close();
  assertEquals(producer.counts.acknowledged, records.length);
}

async function readOurs({ log, topic, records }: Context): Promise<PlainRecord[]> {
  const fetcher = log.fetcher();
  fetcher.assign({ topic, partition: 0 }, 0);
  const read: PlainRecord[] = [];
  for (let next = 0; next < records.length;) {
    for (const set of await fetcher.poll(1_000)) {
      read.push(...recordsOf(set));
      next = set.nextOffset;
    }
  }
  await fetcher.close();
  return read;
}

/** As {@linkcode comparable} makes them. */
async function readByKafkajs({ kafka, topic, records }: Context): Promise<unknown[]> {
  const consumer = kafka.consumer({ groupId: `group-${topic}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  await consumer.run({
    eachMessage: ({ message: { offset, timestamp, key, value, headers } }) => {
      const [plainKey, plainValue] = [key && new Uint8Array(key), value && new Uint8Array(value)];
      read.push({
        offset: Number(offset),
        timestamp: Number(timestamp),
        key: plainKey,
        value: plainValue,
        headers: plainHeaders(headers),
      });
      if (read.length === records.length) resolve();
      return Promise.resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return read;
}

function comparable(records: readonly PlainRecord[]): unknown[] {
  return records.map((record) => ({ ...record, headers: plainHeaders(groupHeaders(record.headers)) }));
}

for (const compression of ["none", "gzip"] as const) {
  test(`ours to kafkajs's consumer, ${compression}`, {}, async (context) => {
    await writeOurs(context, compression);
    assertEquals(await readByKafkajs(context), comparable(context.records));
  });

  test(`kafkajs's producer to ours, ${compression}`, {}, async (context) => {
    // kafkajs takes no time before 1970, and the time of sending for 0.
    const records = withoutNullHeaders(context.records)
      .map((record) => ({ ...record, timestamp: Math.max(record.timestamp, 1) }));
    const producer = context.kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    for (let at = 0; at < records.length; at += 50) {
      await producer.send({
        topic: context.topic,
        compression: kafkajs.CompressionTypes[compression === "gzip" ? "GZIP" : "None"],
        messages: records.slice(at, at + 50).map(({ timestamp, key, value, headers }) => ({
          partition: 0,
          timestamp: String(timestamp),
          key: key && Buffer.from(key),
          value: value && Buffer.from(value),
          headers: groupHeaders(headers) as kafkajs.IHeaders,
        })),
      });
    }
    await producer.disconnect();
    assertEquals(await readOurs(context), records);
  });
}

// The broker compresses what it is sent uncompressed, with Java's libraries. kafkajs has no codec but gzip: with ours as its codec it
// reads the same, and tells whether the batches came compressed at all.
const CODECS = [["gzip", 1], ["snappy", 2], ["lz4", 3], ["zstd", 4]] as const;
for (const [name, type] of CODECS) {
  test(`compressed by the broker, ${name}`, { "compression.type": name }, async (context) => {
    await writeOurs(context, "none");
    assertEquals(await readOurs(context), context.records);
    const codecs = kafkajs.CompressionCodecs;
    const before = codecs[type];
    let decompressed = 0;
    codecs[type] = () => ({
      decompress(bytes: Buffer): Promise<Buffer> {
        decompressed++;
        return Promise.resolve(Buffer.from(decompress(type, bytes, 100_000_000)));
      },
    });
    try {
      assertEquals(await readByKafkajs(context), comparable(context.records));
    } finally {
      codecs[type] = before;
    }
    assert(decompressed > 0, "the broker sent the batches uncompressed");
  });
}
