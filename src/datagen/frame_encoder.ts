/**
 * How a generator's frames become bytes: the seam between drawing them and appending them, and the way that
 * works with any serde.
 *
 * @module
 */
import { bindSerde, EncodeBuffer, type Serde } from "../serde/serde.ts";
import type { Frame, FrameGenerator } from "../game/frame_generator.ts";
import type { FrameBody, FrameHeader } from "../game/hit.ts";

/** The serdes of frames. */
export interface FrameSerdes {
  readonly header: Serde<FrameHeader>;
  readonly body: Serde<FrameBody>;
}

/** The serdes of frames, bound to the topics of requests and responses. */
export interface BoundFrameSerdes {
  readonly request: FrameSerdes;
  readonly response: FrameSerdes;
}

/** Binds the serdes to the topics, which registers the schemas where there is a registry. */
export async function bindFrameSerdes(
  serdes: FrameSerdes,
  topics: { readonly requests: string; readonly responses: string },
): Promise<BoundFrameSerdes> {
  const bind = async (topic: string): Promise<FrameSerdes> => ({
    header: await bindSerde(serdes.header, topic, "key"),
    body: await bindSerde(serdes.body, topic, "value"),
  });
  return { request: await bind(topics.requests), response: await bind(topics.responses) };
}

/**
 * Encodes the frames that a generator draws, one at a time: first the request, then the response if there is
 * one.
 */
export interface FrameEncoder {
  /** The buffer with the key, from index 0 to `keyEnd`. It is overwritten, or replaced, by the next call. */
  readonly key: Uint8Array;
  readonly keyEnd: number;
  /**
   * The buffer with the value, from index 0 to `valueEnd`. It is overwritten, or replaced, by the next call.
   */
  readonly value: Uint8Array;
  readonly valueEnd: number;
  /** Whether a response's key has the same bytes as its request's. */
  readonly sameKeys: boolean;
  /** Encodes the request of the frame drawn last, sent at `nowMs` (milliseconds since the epoch). */
  request(nowMs: number): void;
  /**
   * Encodes its response: the same header and hits, approved. The generator must not have drawn another one.
   */
  response(): void;
}

/** Encodes by the serdes, whatever their format, with an object a frame. */
export class SerdeFrameEncoder implements FrameEncoder {
  keyEnd = 0;
  valueEnd = 0;
  readonly sameKeys = false;
  readonly #frames: FrameGenerator;
  readonly #serdes: BoundFrameSerdes;
  readonly #key = new EncodeBuffer(256);
  readonly #value = new EncodeBuffer(1024);
  #frame: Frame | undefined;

  constructor(frames: FrameGenerator, serdes: BoundFrameSerdes) {
    this.#frames = frames;
    this.#serdes = serdes;
  }

  get key(): Uint8Array {
    return this.#key.bytes;
  }

  get value(): Uint8Array {
    return this.#value.bytes;
  }

  request(nowMs: number): void {
    this.#frame = this.#frames.frame(nowMs);
    this.#encode(this.#serdes.request, this.#frame, false);
  }

  response(): void {
    this.#encode(this.#serdes.response, this.#frame!, true);
  }

  #encode({ header, body }: FrameSerdes, frame: Frame, approval: boolean): void {
    this.keyEnd = this.#key.encode(header, frame.header, 0);
    this.valueEnd = this.#value.encode(body, { approval, bytes: frame.hits }, 0);
  }
}
