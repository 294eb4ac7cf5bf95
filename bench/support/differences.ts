import { SESSIONS_TOPIC } from "../../src/game/topics.ts";
import { AGGREGATE_CHANGELOG, type Contents } from "./contents.ts";

/** What was sent to all runs, and what they could hold back. */
export interface Sent {
  readonly frames: number;
  readonly hits: number;
  readonly cacheBytes: number;
}

/** A run's contents by name. */
export interface NamedContents extends Contents {
  readonly name: string;
}

/** More than an entry of the cache takes by Kafka Streams' estimate, its key, its topic's name and five hits included. */
const MOST_ENTRY_BYTES = 512;

/**
 * What the runs should have left the same and did not: a line for each difference, none when all is well.
 *
 * All have to end with the same sessions and have the same number of records in the joins' changelogs; each change of a session is one
 * record in the aggregate's changelog and one in SESSIONS. Without a cache each hit is such a change. With one, a frame is, unless the
 * cache was full of changes before the commit: then Kafka Streams flushes all of it, and so does kos, even in the middle of a frame, whose
 * other hits are another change. How often that happens depends on how much is processed between two commits, but it can't be more
 * often than the cache can be filled.
 */
export function differences(runs: readonly NamedContents[], sent: Sent): string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { frames } = sent;
  const lines: string[] = [];
  for (const { name, counts, keys, digest } of runs) {
    lines.push(...countDifferences(name, counts, sent));
    if (keys !== frames) lines.push(`${name}: sessions of ${keys} frames; ${frames} were sent`);
    if (digest !== first.digest) {
      lines.push(`${name}: the sessions in the end are not those of ${first.name}`);
    }
  }
  return lines;
}

/** The same of one run's records by topic, as {@linkcode Contents} names them. */
export function countDifferences(
  name: string,
  counts: Contents["counts"],
  { frames, hits, cacheBytes }: Sent,
): string[] {
  const lines: string[] = [];
  const least = cacheBytes === 0 ? hits : frames;
  const most = cacheBytes === 0 ? hits : Math.min(hits, frames + mostFilled(frames, cacheBytes));
  for (const [topic, count] of Object.entries(counts)) {
    if (topic === SESSIONS_TOPIC || topic === AGGREGATE_CHANGELOG) continue;
    if (count !== frames) lines.push(`${name}: ${count} records in ${topic}; ${frames} frames were sent`);
  }
  const changes = counts[SESSIONS_TOPIC]!;
  if (changes !== counts[AGGREGATE_CHANGELOG]) {
    lines.push(
      `${name}: ${changes} records in SESSIONS and ${counts[AGGREGATE_CHANGELOG]} in its changelog`,
    );
  }
  if (changes < least || changes > most) {
    const expected = least === most ? String(least) : `from ${least} to ${most}`;
    lines.push(`${name}: ${changes} changes of sessions; expected are ${expected}`);
  }
  return lines;
}

/** How many times changes of so many frames can fill a cache. */
function mostFilled(frames: number, cacheBytes: number): number {
  return Math.ceil(frames * MOST_ENTRY_BYTES / cacheBytes);
}
