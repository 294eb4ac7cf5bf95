import { MAX_INPUT_BYTES } from "./target.ts";

const NUMBER = 0;
const LENGTH = 1;
const HEADER_BYTES = 8;

/** The input that a worker is at, in memory that is shared with who watches it: a worker that hangs can't tell. */
export class CurrentInput {
  /** To be passed on to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + MAX_INPUT_BYTES)) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
  }

  /** Notes what comes next. */
  set(input: Uint8Array): void {
    const length = Math.min(input.length, this.#bytes.length);
    this.#bytes.set(input.subarray(0, length));
    this.#header[LENGTH] = length;
    Atomics.add(this.#header, NUMBER, 1);
  }

  /** Another number for each input. */
  get number(): number {
    return Atomics.load(this.#header, NUMBER);
  }

  /** The bytes; they are those of {@linkcode number} only while that one runs. */
  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#header[LENGTH]);
  }
}
