import type { FrameBody, FrameHeader } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import type { Log } from "../../src/kafka/mod.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";

/** How many records a topic holds, by its offsets. */
export async function recordsOf(log: Log, topic: string, partitions: number): Promise<number> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const [from, to] = [await log.offsets(all, "earliest"), await log.offsets(all, "latest")];
  return to.reduce((sum, end, i) => sum + end - from[i]!, 0);
}

/** Some records of a topic. */
export interface Sample {
  readonly records: number;
  /** Of their keys and values. */
  readonly bytes: number;
}

/**
 * Reads so many records of each partition of a topic with frames, and decodes each of them down to its hits.
 *
 * @throws {Error} When one is not what a generator writes.
 */
export async function sampleFrames(
  log: Log,
  topic: string,
  partitions: number,
  approval: boolean,
  eachPartition: number,
): Promise<Sample> {
  const { header, body } = arcadeSerdes(undefined);
  const fetcher = log.fetcher();
  const left = new Map<number, number>();
  let records = 0;
  let bytes = 0;
  try {
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    for (const [i, end] of (await log.offsets(all, "latest")).entries()) {
      if (end === 0) continue;
      left.set(i, Math.min(end, eachPartition));
      fetcher.assign(all[i]!, 0);
    }
    while (left.size > 0) {
      for (const set of await fetcher.poll(1000)) {
        const wanted = Math.min(set.count, left.get(set.partition)!);
        for (let i = 0; i < wanted; i++) {
          const key = set.key(i);
          const value = set.value(i);
          if (key === null || value === null) throw wrong(topic, "a record without a key or without a value");
          const frame = { ...header.decode(key, 0, key.length), ...body.decode(value, 0, value.length) };
          check(frame, approval, set.timestamps[i]!, topic);
          bytes += key.length + value.length;
        }
        records += wanted;
        left.set(set.partition, left.get(set.partition)! - wanted);
        if (left.get(set.partition) === 0) {
          left.delete(set.partition);
          fetcher.unassign({ topic, partition: set.partition });
        }
      }
    }
  } finally {
    await fetcher.close();
  }
  return { records, bytes };
}

function check(frame: FrameHeader & FrameBody, approval: boolean, timestamp: number, topic: string): void {
  if (frame.approval !== approval) throw wrong(topic, `approval ${frame.approval}`);
  if (frame.ts !== timestamp) throw wrong(topic, `the time ${frame.ts} in a record of ${timestamp}`);
  if (frame.bytes.length < 1 || frame.bytes.length > 5) throw wrong(topic, `${frame.bytes.length} hits`);
  for (const hex of frame.bytes) {
    if (hitFromHex(hex) === undefined) throw wrong(topic, `${JSON.stringify(hex)}, which is no hit`);
  }
}

function wrong(topic: string, what: string): Error {
  return new Error(`Cannot vouch for what was written to ${topic}: received ${what}`);
}
