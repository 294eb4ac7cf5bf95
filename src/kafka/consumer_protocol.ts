/**
 * Kafka's ConsumerProtocol: what members of a group of protocol type `consumer` tell one another, so that Kafka's own tools
 * can describe the group. Layouts: ConsumerProtocolSubscription.json and ConsumerProtocolAssignment.json of Apache Kafka;
 * a reader takes any higher version too, since fields are only ever added at the end.
 *
 * @module
 */
import type { MemberAssignment, TopicPartition } from "./log.ts";

/** What a member says of itself. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly userData: Uint8Array;
  readonly owned: readonly TopicPartition[];
  /** The generation in which it came to own them; −1 when none or unknown. */
  readonly generation: number;
}

/** Encodes a subscription as version 2 (KIP-792: with the generation). */
export function encodeSubscription(subscription: Subscription): Uint8Array {
  const out = new Writer();
  out.int16(2);
  out.int32(subscription.topics.length);
  for (const topic of [...subscription.topics].sort()) out.string(topic);
  out.bytes(subscription.userData);
  out.partitions(subscription.owned);
  out.int32(subscription.generation);
  return out.done();
}

/**
 * Decodes a subscription of any version.
 * @throws {RangeError} When the bytes end early.
 */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const input = new Reader(bytes);
  const version = input.int16();
  const topics = input.array(() => input.string());
  const userData = input.bytes();
  const owned = version >= 1 ? input.partitions() : [];
  const generation = version >= 2 ? input.int32() : -1;
  return { topics, userData, owned, generation };
}

/** Encodes an assignment as version 1. */
export function encodeAssignment(assignment: MemberAssignment): Uint8Array {
  const out = new Writer();
  out.int16(1);
  out.partitions(assignment.partitions);
  out.bytes(assignment.userData ?? NOTHING);
  return out.done();
}

/**
 * Decodes an assignment; no bytes at all are an empty one.
 * @throws {RangeError} When the bytes end early.
 */
export function decodeAssignment(bytes: Uint8Array): Required<MemberAssignment> {
  if (bytes.length === 0) return { partitions: [], userData: NOTHING };
  const input = new Reader(bytes);
  input.int16();
  return { partitions: input.partitions(), userData: input.bytes() };
}

const NOTHING = new Uint8Array(0);

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  int16(value: number): void {
    this.#view.setInt16(this.#reserve(2), value);
  }

  int32(value: number): void {
    this.#view.setInt32(this.#reserve(4), value);
  }

  string(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.int16(encoded.length);
    const at = this.#reserve(encoded.length);
    this.#bytes.set(encoded, at);
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** Grouped by topic; topics and partitions ascending. */
  partitions(list: readonly TopicPartition[]): void {
    const byTopic = Object.entries(Object.groupBy(list, (p) => p.topic)).sort(([a], [b]) => a < b ? -1 : 1);
    this.int32(byTopic.length);
    for (const [topic, partitions] of byTopic) {
      this.string(topic);
      this.int32(partitions!.length);
      for (const { partition } of partitions!.sort((a, b) => a.partition - b.partition)) {
        this.int32(partition);
      }
    }
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(this.#at * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  string(): string {
    const length = this.int16();
    const at = this.#take(Math.max(0, length));
    return new TextDecoder().decode(this.#bytes.subarray(at, this.#at));
  }

  bytes(): Uint8Array {
    const length = this.int32();
    const at = this.#take(Math.max(0, length));
    return this.#bytes.slice(at, this.#at);
  }

  array<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(item());
    return items;
  }

  partitions(): TopicPartition[] {
    return this.array(() => {
      const topic = this.string();
      return this.array(() => ({ topic, partition: this.int32() }));
    }).flat();
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) {
      throw new RangeError(
        `Cannot read consumer protocol data: received ${this.#bytes.length} bytes, needed ${
          at + size
        } or more`,
      );
    }
    this.#at += size;
    return at;
  }
}
