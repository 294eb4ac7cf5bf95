/**
 * Answers that no broker gives: damaged on the way, or of something that is no Kafka broker.
 *
 * @module
 */
import { partitionKey, type TopicPartition } from "../../port/topics.ts";

/** An answer that no broker gives. */
export class DamagedAnswer extends Error {
  override name = "DamagedAnswer";
}

/**
 * Checks that an answer tells of all that was asked, once of each, and of nothing else: what it leaves out
 * would pass for not there, such as an offset that was never committed.
 *
 * @param asked Names of what was asked for; one that is named twice counts once.
 * @throws {DamagedAnswer}
 */
export function checkTold(asked: Iterable<string>, told: Iterable<string>): void {
  const wanted = new Set(asked);
  const seen = new Set<string>();
  for (const name of told) {
    if (!wanted.has(name)) throw new DamagedAnswer(`an answer about ${name}, which was not asked for`);
    if (seen.has(name)) throw new DamagedAnswer(`an answer that tells twice of ${name}`);
    seen.add(name);
  }
  if (seen.size < wanted.size) {
    const [missing] = wanted.difference(seen);
    throw new DamagedAnswer(`an answer about ${seen.size} of ${wanted.size}, without ${missing}`);
  }
}

/**
 * Checks that an answer tells once of each partition that was asked for.
 * @throws {DamagedAnswer}
 */
export function checkPartitions(asked: readonly TopicPartition[], told: readonly TopicPartition[]): void {
  checkTold(asked.map(keyOf), told.map(keyOf));
}

/**
 * Checks that a number can be an offset, or −1 for none.
 * @throws {DamagedAnswer}
 */
export function checkOffset(offset: number, { topic, partition }: TopicPartition): void {
  if (Number.isSafeInteger(offset) && offset >= -1) return;
  throw new DamagedAnswer(`offset ${offset} of ${partitionKey(topic, partition)}`);
}

/**
 * Checks that a producer can write by this identity: without one the log would take what is sent twice.
 * @throws {DamagedAnswer}
 */
export function checkIdentity(id: number, epoch: number): void {
  if (Number.isSafeInteger(id) && id >= 0 && epoch >= 0) return;
  throw new DamagedAnswer(`producer id ${id} with epoch ${epoch}`);
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
