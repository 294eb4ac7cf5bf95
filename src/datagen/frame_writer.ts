/**
 * HOT PATH. Writes frames as records.
 *
 * @module
 */
import { bindSerde, EncodeBuffer, type Serde } from "../avro/serde.ts";
import type { Frame } from "../game/frame_generator.ts";
import type { FrameBody, FrameHeader } from "../game/hit.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../game/topics.ts";
import type { Producer } from "../kafka/log.ts";
import { partitionFor } from "../kafka/record_batch/murmur2.ts";

/** How frames become bytes. */
export interface FrameSerdes {
  readonly header: Serde<FrameHeader>;
  readonly body: Serde<FrameBody>;
}

/** Appends the request of a frame, then its response, to a producer. */
export class FrameWriter {
  readonly #producer: Producer;
  readonly #partitions: number;
  readonly #requestKey: Serde<FrameHeader>;
  readonly #requestValue: Serde<FrameBody>;
  readonly #responseKey: Serde<FrameHeader>;
  readonly #responseValue: Serde<FrameBody>;
  readonly #scratch = new EncodeBuffer();

  private constructor(
    producer: Producer,
    partitions: number,
    requestKey: Serde<FrameHeader>,
    requestValue: Serde<FrameBody>,
    responseKey: Serde<FrameHeader>,
    responseValue: Serde<FrameBody>,
  ) {
    this.#producer = producer;
    this.#partitions = partitions;
    this.#requestKey = requestKey;
    this.#requestValue = requestValue;
    this.#responseKey = responseKey;
    this.#responseValue = responseValue;
  }

  /**
   * Binds the serdes to the topics, which registers the schemas where there is a registry.
   *
   * @param partitions Of either topic.
   */
  static async create(producer: Producer, partitions: number, serdes: FrameSerdes): Promise<FrameWriter> {
    return new FrameWriter(
      producer,
      partitions,
      await bindSerde(serdes.header, REQUESTS_TOPIC, "key"),
      await bindSerde(serdes.body, REQUESTS_TOPIC, "value"),
      await bindSerde(serdes.header, RESPONSES_TOPIC, "key"),
      await bindSerde(serdes.body, RESPONSES_TOPIC, "value"),
    );
  }

  /** Appends a frame's request. Its timestamp is the header's, its partition that of Kafka's default partitioner. */
  request(frame: Frame): void {
    this.#append(REQUESTS_TOPIC, this.#requestKey, this.#requestValue, frame, false);
  }

  /** Appends a frame's response: the same header and hits, approved. */
  response(frame: Frame): void {
    this.#append(RESPONSES_TOPIC, this.#responseKey, this.#responseValue, frame, true);
  }

  #append(
    topic: string,
    keySerde: Serde<FrameHeader>,
    valueSerde: Serde<FrameBody>,
    frame: Frame,
    approval: boolean,
  ): void {
    const scratch = this.#scratch;
    const keyEnd = scratch.encode(keySerde, frame.header, 0);
    const valueEnd = scratch.encode(valueSerde, { approval, bytes: frame.hits }, keyEnd);
    const bytes = scratch.bytes;
    const partition = partitionFor(bytes, 0, keyEnd, this.#partitions);
    this.#producer.append(topic, partition, frame.header.ts, bytes, 0, keyEnd, bytes, keyEnd, valueEnd);
  }
}
