/**
 * HOT PATH. Writes frames as records.
 *
 * @module
 */
import { bindSerde, EncodeBuffer, type Serde } from "../avro/serde.ts";
import type { Frame } from "../game/frame_generator.ts";
import type { FrameBody, FrameHeader } from "../game/hit.ts";
import type { Producer } from "../kafka/log.ts";
import { partitionFor } from "../kafka/record_batch/murmur2.ts";

/** How frames become bytes. */
export interface FrameSerdes {
  readonly header: Serde<FrameHeader>;
  readonly body: Serde<FrameBody>;
}

/** Where requests and responses go. */
export interface FrameTopics {
  readonly requests: string;
  readonly responses: string;
  /** Of either topic. */
  readonly partitions: number;
}

/** Appends the request of a frame, then its response, to a producer. */
export class FrameWriter {
  readonly #producer: Producer;
  readonly #topics: FrameTopics;
  readonly #requestKey: Serde<FrameHeader>;
  readonly #requestValue: Serde<FrameBody>;
  readonly #responseKey: Serde<FrameHeader>;
  readonly #responseValue: Serde<FrameBody>;
  readonly #scratch = new EncodeBuffer();

  private constructor(
    producer: Producer,
    topics: FrameTopics,
    requestKey: Serde<FrameHeader>,
    requestValue: Serde<FrameBody>,
    responseKey: Serde<FrameHeader>,
    responseValue: Serde<FrameBody>,
  ) {
    this.#producer = producer;
    this.#topics = topics;
    this.#requestKey = requestKey;
    this.#requestValue = requestValue;
    this.#responseKey = responseKey;
    this.#responseValue = responseValue;
  }

  /** Binds the serdes to the topics, which registers the schemas where there is a registry. */
  static async create(producer: Producer, topics: FrameTopics, serdes: FrameSerdes): Promise<FrameWriter> {
    return new FrameWriter(
      producer,
      topics,
      await bindSerde(serdes.header, topics.requests, "key"),
      await bindSerde(serdes.body, topics.requests, "value"),
      await bindSerde(serdes.header, topics.responses, "key"),
      await bindSerde(serdes.body, topics.responses, "value"),
    );
  }

  /** Appends a frame's request. Its timestamp is the header's, its partition that of Kafka's default partitioner. */
  request(frame: Frame): void {
    this.#append(this.#topics.requests, this.#requestKey, this.#requestValue, frame, false);
  }

  /** Appends a frame's response: the same header and hits, approved. */
  response(frame: Frame): void {
    this.#append(this.#topics.responses, this.#responseKey, this.#responseValue, frame, true);
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
    const partition = partitionFor(bytes, 0, keyEnd, this.#topics.partitions);
    this.#producer.append(topic, partition, frame.header.ts, bytes, 0, keyEnd, bytes, keyEnd, valueEnd);
  }
}
