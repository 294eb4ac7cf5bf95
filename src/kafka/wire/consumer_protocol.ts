/**
 * Kafka's ConsumerProtocol: what members of a group of protocol type `consumer` tell one another, so that
 * Kafka's own tools can describe the group. Layouts: ConsumerProtocolSubscription.json and
 * ConsumerProtocolAssignment.json of Apache Kafka; a reader takes any higher version too, since fields are
 * only ever added at the end.
 *
 * @module
 */
import type { MemberAssignment } from "../port/group.ts";
import type { TopicPartition } from "../port/topics.ts";
import { ByteReader, ByteWriter } from "./protocol/bytes.ts";

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
  const out = new ByteWriter();
  out.int16(2);
  out.int32(subscription.topics.length);
  for (const topic of [...subscription.topics].sort()) out.string(topic);
  out.bytes(subscription.userData);
  writePartitions(out, subscription.owned);
  out.int32(subscription.generation);
  return out.done();
}

/**
 * Decodes a subscription of any version.
 * @throws {RangeError} When the bytes end early.
 */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const input = new ByteReader(bytes);
  const version = input.int16();
  const topics = input.array(() => input.string());
  const userData = input.bytes().slice();
  const owned = version >= 1 ? readPartitions(input) : [];
  const generation = version >= 2 ? input.int32() : -1;
  return { topics, userData, owned, generation };
}

/** Encodes an assignment as version 1. */
export function encodeAssignment(assignment: MemberAssignment): Uint8Array {
  const out = new ByteWriter();
  out.int16(1);
  writePartitions(out, assignment.partitions);
  out.bytes(assignment.userData ?? NOTHING);
  return out.done();
}

/**
 * Decodes an assignment; no bytes at all are an empty one.
 * @throws {RangeError} When the bytes end early.
 */
export function decodeAssignment(
  bytes: Uint8Array,
): Required<Pick<MemberAssignment, "partitions" | "userData">> {
  if (bytes.length === 0) return { partitions: [], userData: NOTHING };
  const input = new ByteReader(bytes);
  input.int16();
  return { partitions: readPartitions(input), userData: input.bytes().slice() };
}

const NOTHING = new Uint8Array(0);

/** Grouped by topic; topics and partitions ascending. */
function writePartitions(out: ByteWriter, list: readonly TopicPartition[]): void {
  const byTopic = Object.entries(Object.groupBy(list, (p) => p.topic)).sort(([a], [b]) => a < b ? -1 : 1);
  out.int32(byTopic.length);
  for (const [topic, partitions] of byTopic) {
    out.string(topic);
    out.int32(partitions!.length);
    for (const { partition } of partitions!.sort((a, b) => a.partition - b.partition)) out.int32(partition);
  }
}

function readPartitions(input: ByteReader): TopicPartition[] {
  return input.array(() => {
    const topic = input.string();
    return input.array(() => ({ topic, partition: input.int32() }));
  }).flat();
}
