/**
 * What a run left in its topics: how many records, and which values in the end.
 *
 * @module
 */
import { SESSIONS_TOPIC } from "../../src/game/topics.ts";
import type { Log, RecordSet, TopicPartition } from "../../src/kafka/mod.ts";

/** What the name of the sessions' changelog ends in, after the application id. */
export const AGGREGATE_CHANGELOG = "KSTREAM-AGGREGATE-STATE-STORE-0000000008-changelog";
/** The same of all changelogs. */
export const CHANGELOGS: readonly string[] = [
  "KSTREAM-JOINTHIS-0000000004-store-changelog",
  "KSTREAM-JOINOTHER-0000000005-store-changelog",
  AGGREGATE_CHANGELOG,
];

/** What a run left. */
export interface Contents {
  /** Records by topic, a changelog without the application id before its name. Markers of transactions are not counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** Keys that have a value in SESSIONS in the end. */
  readonly keys: number;
  /** Of those keys and values, in any order. */
  readonly digest: string;
}

/** The changelogs' topics of an application. */
export function changelogTopics(applicationId: string): string[] {
  return CHANGELOGS.map((name) => `${applicationId}-${name}`);
}

/** Reads what a run left. Call it when the process has ended. */
export async function readContents(log: Log, applicationId: string): Promise<Contents> {
  const final = new FinalValues();
  const counts: Record<string, number> = {};
  counts[SESSIONS_TOPIC] = await readAll(log, SESSIONS_TOPIC, (set) => final.add(set));
  for (const name of CHANGELOGS) counts[name] = await readAll(log, `${applicationId}-${name}`);
  return { counts, keys: final.size, digest: final.digest() };
}

/** All partitions of a topic; none when there is no such topic. */
export async function partitionsOf(log: Log, topic: string): Promise<TopicPartition[]> {
  const { partitions = 0 } = (await log.describeTopics([topic])).get(topic) ?? {};
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
}

/** The sum of the end offsets. */
export async function endSum(log: Log, partitions: readonly TopicPartition[]): Promise<number> {
  return (await log.offsets(partitions, "latest")).reduce((sum, end) => sum + end, 0);
}

/** Nothing more to read for so long means that the rest can't be read, in ms: longer than a transaction may stay open. */
const STALLED_MS = 60_000;

/** Reads a topic from its beginning to its end, committed records only, and counts them. @throws {Error} When its end can't be reached. */
async function readAll(log: Log, topic: string, each?: (set: RecordSet) => void): Promise<number> {
  const partitions = await partitionsOf(log, topic);
  const ends = await log.offsets(partitions, "latest");
  const positions = await log.offsets(partitions, "earliest");
  const fetcher = log.fetcher({ outOfRange: "fail" });
  try {
    partitions.forEach((partition, i) => fetcher.assign(partition, positions[i]!));
    let count = 0;
    let moved = performance.now();
    while (positions.some((position, i) => position < ends[i]!)) {
      for (const set of await fetcher.poll(200)) {
        if (set.nextOffset > positions[set.partition]!) moved = performance.now();
        positions[set.partition] = set.nextOffset;
        count += set.count;
        each?.(set);
      }
      if (performance.now() - moved > STALLED_MS) {
        throw new Error(
          `Cannot read ${topic} to its end: received nothing for ${STALLED_MS / 1000} s at ${positions}; ` +
            `its ends are ${ends}`,
        );
      }
    }
    return count;
  } finally {
    await fetcher.close();
  }
}

/** The last value of each key, as a hash of both. */
export class FinalValues {
  readonly #last = new Map<string, bigint>();

  /** How many keys have a value. */
  get size(): number {
    return this.#last.size;
  }

  /** Takes in the records of a set; those of a key have to come in their order. */
  add(set: RecordSet): void {
    for (let i = 0; i < set.count; i++) this.put(set.key(i), set.value(i));
  }

  /** Takes in a record; without a value it removes the key. */
  put(key: Uint8Array | null, value: Uint8Array | null): void {
    const name = key === null ? "" : String.fromCharCode(...key);
    if (value === null) this.#last.delete(name);
    else this.#last.set(name, hash(key ?? EMPTY, value));
  }

  /** A hexadecimal number that all keys and their values decide, in whichever order they came. */
  digest(): string {
    let sum = 0n;
    for (const each of this.#last.values()) sum += each;
    return BigInt.asUintN(64, sum).toString(16).padStart(16, "0");
  }
}

const EMPTY = new Uint8Array();

/** 64 bits of a key and a value: FNV-1a and a multiplicative hash side by side, mixed at the end. */
function hash(key: Uint8Array, value: Uint8Array): bigint {
  let a = 0x811c9dc5;
  let b = key.length;
  for (const bytes of [key, value]) {
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x01000193);
      b = Math.imul(b, 0x85ebca6b) + bytes[i]! | 0;
    }
  }
  return BigInt(mix(a)) << 32n | BigInt(mix(b));
}

/** Lets each bit decide about all others, so that sums of hashes differ where one bit does. */
function mix(h: number): number {
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
  return (h ^ h >>> 16) >>> 0;
}
