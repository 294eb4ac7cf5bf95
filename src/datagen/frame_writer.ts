/**
 * HOT PATH. Writes frames as records.
 *
 * @module
 */
import type { FrameGenerator } from "../game/frame_generator.ts";
import { ReusedRange } from "../kafka/port/bytes_range.ts";
import type { Producer } from "../kafka/port/producer.ts";
import { partitionFor } from "../kafka/port/murmur2.ts";
import { bindFrameSerdes, type FrameEncoder, type FrameSerdes, SerdeFrameEncoder } from "./frame_encoder.ts";
import { PreparedFrameEncoder } from "./prepared_frame_encoder.ts";

/** Where requests and responses go. */
export interface FrameTopics {
  readonly requests: string;
  readonly responses: string;
  /** How many partitions each of the two topics has. */
  readonly partitions: number;
}

/** Appends the request of a frame, then its response, to a producer. */
export class FrameWriter {
  readonly #producer: Producer;
  readonly #topics: FrameTopics;
  readonly #encoder: FrameEncoder;
  readonly #key = new ReusedRange();
  readonly #value = new ReusedRange();
  #timestamp = 0;
  #partition = 0;

  constructor(producer: Producer, topics: FrameTopics, encoder: FrameEncoder) {
    this.#producer = producer;
    this.#topics = topics;
    this.#encoder = encoder;
  }

  /** A writer of the frames that `frames` draws. Registers the schemas where there is a registry. */
  static async create(
    producer: Producer,
    topics: FrameTopics,
    frames: FrameGenerator,
    serdes: FrameSerdes,
  ): Promise<FrameWriter> {
    const bound = await bindFrameSerdes(serdes, topics);
    const encoder = PreparedFrameEncoder.of(frames, bound) ?? new SerdeFrameEncoder(frames, bound);
    return new FrameWriter(producer, topics, encoder);
  }

  /**
   * Appends the request of the frame drawn last. Its timestamp is the header's, its partition that of Kafka's
   * default partitioner.
   */
  request(nowMs: number): void {
    const encoder = this.#encoder;
    encoder.request(nowMs);
    this.#timestamp = nowMs;
    this.#partition = partitionFor(encoder.key, 0, encoder.keyEnd, this.#topics.partitions);
    this.#append(this.#topics.requests);
  }

  /**
   * Appends its response: the same header and hits, approved. The generator must not have drawn another
   * frame.
   */
  response(): void {
    const encoder = this.#encoder;
    encoder.response();
    if (!encoder.sameKeys) {
      this.#partition = partitionFor(encoder.key, 0, encoder.keyEnd, this.#topics.partitions);
    }
    this.#append(this.#topics.responses);
  }

  #append(topic: string): void {
    const { key, keyEnd, value, valueEnd } = this.#encoder;
    this.#producer.append(
      topic,
      this.#partition,
      this.#timestamp,
      this.#key.set(key, 0, keyEnd),
      this.#value.set(value, 0, valueEnd),
    );
  }
}
