/**
 * Fills the request and response topics for a drain benchmark.
 *
 * @module
 */
import { bindFrameSerdes, SerdeFrameEncoder } from "../src/datagen/frame_encoder.ts";
import { PreparedFrameEncoder } from "../src/datagen/prepared_frame_encoder.ts";
import { FrameGenerator } from "../src/game/frame_generator.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../src/game/topics.ts";
import type { Log } from "../src/kafka/mod.ts";
import { ReusedRange } from "../src/kafka/port/bytes_range.ts";
import { partitionFor } from "../src/kafka/port/murmur2.ts";
import { SchemaRegistry } from "../src/serde/mod.ts";
import { arcadeSerdes } from "../src/streams/sessions_topology.ts";

/** What was written. */
export interface Preloaded {
  readonly frames: number;
  readonly hits: number;
}

/** How frames are written, and how many share a key: one has its machine and its millisecond. */
export interface PreloadOptions {
  /** Default: as many as the seed draws, 10 to 35. */
  readonly machines?: number;
  /** Frames of all machines together in one millisecond. Default 1, and each frame has a header of its own. */
  readonly framesPerMs?: number;
  /** The URL of a schema registry whose ids the records carry. Default: they carry fingerprints. */
  readonly registry?: string | undefined;
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
  { machines, framesPerMs = 1, registry }: PreloadOptions = {},
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
  const generator = new FrameGenerator({ seed, ...(machines === undefined ? {} : { machines }) });
  const unbound = arcadeSerdes(registry === undefined ? undefined : new SchemaRegistry(registry));
  const serdes = await bindFrameSerdes(unbound, {
    requests: REQUESTS_TOPIC,
    responses: RESPONSES_TOPIC,
  });
  // As `gen` does, which is several times as fast as the serdes are.
  const encoder = PreparedFrameEncoder.of(generator, serdes) ?? new SerdeFrameEncoder(generator, serdes);
  const producer = log.producer();
  const keyRange = new ReusedRange();
  const valueRange = new ReusedRange();
  const append = (topic: string, timestamp: number): void => {
    const { key, keyEnd, value, valueEnd } = encoder;
    const partition = partitionFor(key, 0, keyEnd, partitions);
    producer.append(
      topic,
      partition,
      timestamp,
      keyRange.set(key, 0, keyEnd),
      valueRange.set(value, 0, valueEnd),
    );
  };
  let hits = 0;
  for (let i = 0; i < frames; i++) {
    const now = beginMs + Math.floor(i / framesPerMs);
    generator.draw();
    hits += generator.hitCount;
    encoder.request(now);
    append(REQUESTS_TOPIC, now);
    encoder.response();
    append(RESPONSES_TOPIC, now + i % RESPONSE_MS);
    if (i % 256 === 0) await producer.ready();
  }
  await producer.close();
  return { frames, hits };
}
