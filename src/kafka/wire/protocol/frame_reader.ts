/**
 * Answers as they come over a connection: a length, and as many bytes. The bytes come in chunks of
 * any size.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** The length in front of an answer. */
const LENGTH_BYTES = 4;
/** An answer has a correlation id at least. */
export const LEAST_ANSWER_BYTES = 4;
/**
 * No answer is longer: what a broker takes of a request unless told otherwise (`socket.request.max.bytes`). A
 * fetch asks for a few MiB, and gets one record batch at least, which came in a request.
 */
export const MOST_ANSWER_BYTES: number = 100 * 1024 * 1024;

/** Up to so many bytes, chunks that follow one another are copied into one. */
const SMALL_BYTES = 4_096;

/** A length that no answer has: what speaks there is no Kafka broker, or bytes were lost on the way. */
export class InvalidLength extends RangeError {
  override name = "InvalidLength";
  readonly length: number;
  /** Whether the bytes are those of a TLS record. */
  readonly isTls: boolean;

  constructor(length: number, isTls: boolean) {
    super(
      `received an answer of ${length} bytes, allowed are ${LEAST_ANSWER_BYTES} to ${MOST_ANSWER_BYTES}`,
    );
    this.length = length;
    this.isTls = isTls;
  }
}

/**
 * Puts answers together. What has come is kept in its chunks until an answer is complete, and copied once
 * when it came in several, small chunks more often; nothing is reserved for a length that was only announced.
 *
 * @example
 * ```ts
 * import { Buffer } from "node:buffer";
 * import { FrameReader } from "./frame_reader.ts";
 *
 * const reader = new FrameReader((answer) => console.log([...answer]));
 * reader.push(Buffer.from([0, 0, 0, 5, 0, 0, 0]));
 * reader.push(Buffer.from([1, 77])); // [ 0, 0, 0, 1, 77 ]
 * ```
 */
export class FrameReader {
  readonly #onAnswer: (answer: Buffer) => void;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** How many bytes it takes for anything to be done. */
  #needed = LENGTH_BYTES;
  #stopped = false;

  /** @param onAnswer Takes each answer without its length: a view of what has come. */
  constructor(onAnswer: (answer: Buffer) => void) {
    this.#onAnswer = onAnswer;
  }

  /** Whether a part of an answer has come. */
  get inAnswer(): boolean {
    return this.#buffered > 0;
  }

  /**
   * Takes what has come.
   * @throws {InvalidLength} When an answer says that it is shorter or longer than one can be.
   */
  push(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#keep(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#buffered);
    const rest = this.#read(bytes);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
  }

  /** Gives out nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#chunks = [];
  }

  /** Keeps a chunk; small ones in a row become one, as each takes more memory than what is in it. */
  #keep(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    if (last === undefined || last.length + chunk.length > SMALL_BYTES) this.#chunks.push(chunk);
    else this.#chunks[this.#chunks.length - 1] = Buffer.concat([last, chunk]);
  }

  /** Gives out the answers that are complete; what is left. */
  #read(bytes: Buffer): Buffer {
    let at = 0;
    this.#needed = LENGTH_BYTES;
    while (!this.#stopped && bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + lengthAt(bytes, at);
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      const from = at + LENGTH_BYTES;
      at = end;
      this.#onAnswer(bytes.subarray(from, end));
    }
    return bytes.subarray(at);
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at);
  if (length >= LEAST_ANSWER_BYTES && length <= MOST_ANSWER_BYTES) return length;
  // An alert (0x15) or a handshake message (0x16) of SSL 3 to TLS 1.3.
  const isTls = (bytes[at] === 0x15 || bytes[at] === 0x16) && bytes[at + 1] === 3;
  throw new InvalidLength(length, isTls);
}
