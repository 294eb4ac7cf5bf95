/**
 * Fills the request and response topics for a drain benchmark.
 *
 * @module
 */
import { bindSerde, EncodeBuffer } from "../src/avro/mod.ts";
import { FrameGenerator } from "../src/game/frame_generator.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../src/game/topics.ts";
import type { Log } from "../src/kafka/mod.ts";
import { partitionFor } from "../src/kafka/record_batch/murmur2.ts";
import { arcadeSerdes } from "../src/streams/sessions_topology.ts";

/** What was written. */
export interface Preloaded {
  readonly frames: number;
  readonly hits: number;
}

/** When the first frame happens, in ms since the epoch, unless told: the same in each run, so that the same bytes are written. */
const BEGIN_MS = 1_700_000_000_000;
/** Responses follow their requests within this time, in ms. */
const RESPONSE_MS = 100;

/**
 * Creates the topics and writes so many requests, one a millisecond, each with its response; each frame has a header of its own.
 *
 * @param beginMs When the first frame happens. Brokers delete what is old from changelogs of windows, so that who counts records
 * in those begins shortly before now.
 */
export async function preload(
  log: Log,
  frames: number,
  partitions: number,
  seed: number,
  beginMs: number = BEGIN_MS,
): Promise<Preloaded> {
  const topics = [REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC];
  const existing = await log.describeTopics(topics);
  if (existing.size > 0) {
    throw new Error(
      `Cannot preload ${log.description}: received a Kafka that has ${
        [...existing.keys()].join(", ")
      } already; use an empty one`,
    );
  }
  // The frames are old on purpose: without this the broker would delete them.
  const config = { "retention.ms": "-1" };
  await log.createTopics(topics.map((topic) => ({ topic, partitions, replicationFactor: 1, config })));
  const serdes = arcadeSerdes(undefined);
  const header = await bindSerde(serdes.header, REQUESTS_TOPIC, "key");
  const body = await bindSerde(serdes.body, REQUESTS_TOPIC, "value");
  const generator = new FrameGenerator({ seed });
  const producer = log.producer();
  const buffer = new EncodeBuffer();
  const write = (
    topic: string,
    key: number,
    timestamp: number,
    value: Parameters<typeof body.encode>[0],
  ): void => {
    const end = buffer.encode(body, value, key);
    const partition = partitionFor(buffer.bytes, 0, key, partitions);
    producer.append(topic, partition, timestamp, buffer.bytes, 0, key, buffer.bytes, key, end);
  };
  let hits = 0;
  for (let i = 0; i < frames; i++) {
    const now = beginMs + i;
    const frame = generator.next(now);
    hits += frame.hits.length;
    const key = buffer.encode(header, frame.header, 0);
    write(REQUESTS_TOPIC, key, now, { approval: false, bytes: frame.hits });
    write(RESPONSES_TOPIC, key, now + i % RESPONSE_MS, { approval: true, bytes: frame.hits });
    if (i % 256 === 0) await producer.ready();
  }
  await producer.close();
  return { frames, hits };
}
