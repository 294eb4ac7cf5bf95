/**
 * HOT PATH. What the processors of one task share: where the current record came from, its encoded key and value, and
 * where outputs go.
 *
 * @module
 */
import { EncodeBuffer, type Serde } from "../../serde/serde.ts";
import type { Producer } from "../../kafka/port/producer.ts";
import { murmur2 } from "../../kafka/port/murmur2.ts";
import { NO_HEADERS, type RecordHeaders, type RecordSet } from "../../kafka/port/record_set.ts";
import { Pauses } from "../record/pauses.ts";
import type { KeyBytes } from "../state/bytes/bytes_store.ts";
import { MAX_KEY_BYTES } from "../state/bytes/arena.ts";
import type { Failures } from "./failures.ts";
import { type OutputBounds, tooMuchPending, UNBOUNDED } from "./output_bounds.ts";
import { Punctuators } from "../record/punctuators.ts";
import type { EngineStats } from "../record/stats.ts";

/** A range of bytes. */
export interface BytesRange {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** The encoded form of the last key, kept as long as the same key comes again: it is used by every store and sink on its way. */
class EncodedKey implements KeyBytes {
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  hash = 0;
}

/** Where a record came from: what is sent on later, on its behalf, takes it along. */
export interface RecordPlace {
  readonly topic: string | undefined;
  readonly offset: number;
  readonly headers: RecordHeaders;
}

class EncodedValue implements BytesRange {
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
}

const NOTHING: unknown = Symbol("nothing");

/** The context of one task; see the module. */
export class TaskContext {
  readonly taskId: string;
  readonly partition: number;
  readonly stats: EngineStats;
  /** The time of the machine, in ms since the epoch. */
  readonly now: () => number;
  /** Where changelogs and sinks write; set before the task runs. */
  producer!: Producer;
  /** Where processors take what they can't go on with; set when the task is made. */
  failures!: Failures;
  /** The largest timestamp of the records taken so far, in ms since the epoch; −1 before the first. */
  streamTime = -1;
  /**
   * How often at most a left or outer join looks through its records without a partner, in ms of the machine's time. Kafka
   * Streams' default.
   */
  outerJoinIntervalMs = 1000;
  /** Calls at intervals that the task's processors asked for. */
  readonly punctuators: Punctuators;
  /** The steps that have paused in the current record. */
  readonly pauses: Pauses = new Pauses();
  /** How much may be pending in the producer. */
  outputBounds: OutputBounds = UNBOUNDED;
  /** Whether there are steps that can't pause: what is written to changelogs is then checked. */
  mayOverflow = false;
  /** Whether a step is at work that can't pause. */
  #unpaused = false;

  /** The set and the index in it of the record that is being processed. */
  #set: RecordSet | undefined;
  #index = 0;
  #headers: RecordHeaders | undefined;
  #place: RecordPlace | undefined;

  readonly #keyBuffer = new EncodeBuffer(256);
  readonly #encodedKey = new EncodedKey();
  #key: unknown = NOTHING;
  #keySerde: unknown;
  readonly #valueBuffer = new EncodeBuffer(4096);
  readonly #encodedValue = new EncodedValue();
  #value: unknown = NOTHING;
  #valueSerde: unknown;

  constructor(taskId: string, partition: number, stats: EngineStats, now: () => number) {
    this.taskId = taskId;
    this.partition = partition;
    this.stats = stats;
    this.now = now;
    this.punctuators = new Punctuators(now);
  }

  /** Whether more is pending than the producer may hold: records wait, and steps that can pause do. */
  get full(): boolean {
    return this.producer.pendingBytes > this.outputBounds.pausesAbove && !this.#unpaused;
  }

  /** Lets no step pause during a call. */
  unpaused(call: () => void): void {
    // A join that emits in another one's call must not end that one's.
    const before = this.#unpaused;
    this.#unpaused = true;
    try {
      call();
    } finally {
      this.#unpaused = before;
    }
  }

  /**
   * HOT PATH. Called before something is appended to the producer.
   *
   * @throws {ProcessingError} When far more is pending than it may hold, since the record's steps can't pause.
   */
  checkPending(topic: string): void {
    if (this.producer.pendingBytes > this.outputBounds.failsAbove) throw tooMuchPending(this, topic);
  }

  /** The topic of the record that is being processed; `undefined` outside of one (in a punctuator). */
  get topic(): string | undefined {
    return this.#place === undefined ? this.#set?.topic : this.#place.topic;
  }

  /** The offset of the record that is being processed; −1 outside of one. */
  get offset(): number {
    if (this.#place !== undefined) return this.#place.offset;
    return this.#set === undefined ? -1 : this.#set.offsets[this.#index]!;
  }

  /** The input record's key as it came in; `null` without one, or outside of a record. Valid as long as its set is. */
  get inputKey(): Uint8Array | null {
    return this.#set?.key(this.#index) ?? null;
  }

  /** Likewise its value. */
  get inputValue(): Uint8Array | null {
    return this.#set?.value(this.#index) ?? null;
  }

  /** The input record's headers as they came in. */
  get inputHeaders(): RecordHeaders {
    return this.#set?.headers(this.#index) ?? NO_HEADERS;
  }

  /** The input record's own timestamp, in ms since the epoch; −1 outside of one. */
  get inputTimestamp(): number {
    return this.#set === undefined ? -1 : this.#set.timestamps[this.#index]!;
  }

  /** The headers of the record that is being processed: they go on to what is derived from it. */
  get headers(): RecordHeaders {
    if (this.#headers !== undefined) return this.#headers;
    return this.#set === undefined ? NO_HEADERS : this.#set.headers(this.#index);
  }

  /** Gives what is derived from now on other headers; `undefined` goes back to the record's own. Returns what was set before. */
  replaceHeaders(headers: RecordHeaders | undefined): RecordHeaders | undefined {
    const before = this.#headers;
    this.#headers = headers;
    return before;
  }

  /** Where the record that is being processed came from, to {@linkcode goTo} it again later. */
  place(): RecordPlace {
    return { topic: this.topic, offset: this.offset, headers: this.headers };
  }

  /** What is derived from now on comes from a place; returns what to go back to. */
  goTo(place: RecordPlace | undefined): RecordPlace | undefined {
    const before = this.#place === undefined && this.#headers === undefined ? undefined : this.place();
    this.#place = place;
    this.#headers = place?.headers;
    return before;
  }

  /** Called before a record goes into the topology. */
  enter(set: RecordSet | undefined, index: number): void {
    this.#set = set;
    this.#index = index;
    this.#headers = undefined;
    this.#place = undefined;
    this.#key = NOTHING;
    this.#value = NOTHING;
  }

  /** Says that the bytes which the last key was known by are not its own any more. */
  forgetKey(): void {
    this.#key = NOTHING;
  }

  /** Says that a value object may have been changed in place since it was encoded last. */
  forgetValue(): void {
    this.#value = NOTHING;
  }

  /**
   * The bytes and hash of a key, encoded once as long as the same object (or equal primitive) and serde come again.
   * Valid until the next call.
   *
   * @throws {RangeError} When the encoded key is larger than {@linkcode MAX_KEY_BYTES}.
   */
  encodeKey<K>(serde: Serde<K>, key: K): KeyBytes {
    const encoded = this.#encodedKey;
    if (key === this.#key && serde === this.#keySerde) return encoded;
    this.#key = NOTHING;
    const to = this.#keyBuffer.encode(serde, key, 0);
    if (to > MAX_KEY_BYTES) {
      throw new RangeError(`Cannot use a record key: received ${to} bytes; allowed are ${MAX_KEY_BYTES}`);
    }
    encoded.bytes = this.#keyBuffer.bytes;
    encoded.from = 0;
    encoded.to = to;
    encoded.hash = murmur2(encoded.bytes, 0, to);
    this.#key = key;
    this.#keySerde = serde;
    return encoded;
  }

  /** Says what {@linkcode encodeKey} would give: the key was decoded from these bytes, which stay as they are while it is in use. */
  knowKey<K>(serde: Serde<K>, key: K, { bytes, from, to, hash }: KeyBytes): void {
    const encoded = this.#encodedKey;
    encoded.bytes = bytes;
    encoded.from = from;
    encoded.to = to;
    encoded.hash = hash;
    this.#key = key;
    this.#keySerde = serde;
  }

  /** Likewise of a value. */
  knowValue<V>(serde: Serde<V>, value: V, bytes: Uint8Array, from: number, to: number): void {
    const encoded = this.#encodedValue;
    encoded.bytes = bytes;
    encoded.from = from;
    encoded.to = to;
    this.#value = value;
    this.#valueSerde = serde;
  }

  /** The bytes of a value, encoded once as long as the same object and serde come again. Valid until the next call. */
  encodeValue<V>(serde: Serde<V>, value: V): BytesRange {
    const encoded = this.#encodedValue;
    if (value === this.#value && serde === this.#valueSerde) return encoded;
    this.#value = NOTHING;
    encoded.from = 0;
    encoded.to = this.#valueBuffer.encode(serde, value, 0);
    encoded.bytes = this.#valueBuffer.bytes;
    this.#value = value;
    this.#valueSerde = serde;
    return encoded;
  }
}
