/**
 * HOT PATH. Holds a table's changes back, as Kafka Streams' `KTableSuppressProcessor` does: until time has
 * passed, or until the buffer is full.
 *
 * @module
 */
import type { Windowed } from "../windows/windowed.ts";
import type { SuppressBuffer } from "../state/typed/suppress_buffer.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** How a suppression behaves. */
export interface Suppression {
  /** How long a change is held back, in ms: after its own time, or after the end of its key's window. */
  readonly waitMs: number;
  readonly from: "record-time" | "window-end";
  /** Most keys that are held back. */
  readonly maxRecords: number;
  /** Most bytes, as `SuppressBuffer.bufferBytes` counts them. */
  readonly maxBytes: number;
  /** What happens above a limit: the earliest go out, or the application fails. */
  readonly whenFull: "emit" | "fail";
  /** Whether removed values go out: not where nothing went out before. */
  readonly tombstones: boolean;
}

/** Puts changes into a buffer, and forwards them when they are due or the buffer is full. */
export class Suppress<K, V> extends Processor<K, V> {
  readonly #name: string;
  readonly #storeName: string;
  readonly #suppression: Suppression;
  #buffer!: SuppressBuffer<K, V>;
  #observedTime = -1;

  /** @param name The node's, for messages. */
  constructor(name: string, storeName: string, suppression: Suppression) {
    super();
    this.#name = name;
    this.#storeName = storeName;
    this.#suppression = suppression;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#buffer = init.store<SuppressBuffer<K, V>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    const buffer = this.#buffer;
    const { waitMs, from, whenFull } = this.#suppression;
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
    const time = from === "window-end" ? (key as unknown as Windowed<unknown>).endMs : timestamp;
    buffer.put(time, key, value, previous, timestamp);
    const due = this.#observedTime - waitMs;
    while (buffer.minTime <= due) this.#emit();
    if (!this.#full()) return;
    if (whenFull === "fail") this.#fail();
    while (this.#full()) this.#emit();
  }

  #full(): boolean {
    const { maxRecords, maxBytes } = this.#suppression;
    return this.#buffer.size > maxRecords || this.#buffer.bufferBytes > maxBytes;
  }

  #emit(): void {
    const { context } = this;
    const { key, value, previous, timestamp, headers } = this.#buffer.head();
    if (value !== null || this.#suppression.tombstones) {
      const before = context.origin.replaceHeaders(headers);
      this.forward(key, value, timestamp, previous);
      context.origin.replaceHeaders(before);
    }
    this.#buffer.removeHead();
  }

  #fail(): never {
    const { maxRecords, maxBytes } = this.#suppression;
    throw new Error(
      `Cannot hold back more in ${this.#name}: received more than its buffer may have, with this one ` +
        `${this.#buffer.size} records (${limit(maxRecords)}) and ${this.#buffer.bufferBytes} bytes ` +
        `(${limit(maxBytes)}); raise the limit, or use untilTimeLimit with whenFull "emit"`,
    );
  }
}

function limit(most: number): string {
  return most === Infinity ? "no limit" : `at most ${most}`;
}
