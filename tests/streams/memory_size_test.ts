import { assert, assertEquals } from "@std/assert";
import { arcadeSizes } from "../../scripts/support/arcade_sizes.ts";
import { type Load, memorySize } from "../../src/streams/memory_size.ts";

const LOAD: Load = {
  recordsPerSecond: 2000,
  instances: 2,
  partitions: 4,
  graceMs: 30_000,
  retentionMs: 3_600_000,
  keyBytes: 20,
  valueBytes: 60,
  sessionBytes: 60,
  framesPerSession: 1,
  processingGuarantee: "at_least_once",
  cacheMaxBytes: 0,
  standbyReplicas: 0,
};

Deno.test("an instance holds its share of the load: a window of each side, and the sessions of the retention", () => {
  const { stores, stateBytes, totalBytes, others } = memorySize(LOAD);
  assertEquals(stores.map(({ entries }) => entries), [18_000, 18_000, 1_800_000]);
  const sum = (parts: readonly { bytes: number }[]): number =>
    parts.reduce((all, { bytes }) => all + bytes, 0);
  assertEquals(Math.round(totalBytes), Math.round(sum(stores) + sum(others)));
  assert(stateBytes < totalBytes && stateBytes > sum(stores));
});

Deno.test("more instances, frames that share a session and a shorter retention need less; standbys and exactly once more", () => {
  const total = (load: Partial<Load>): number => memorySize({ ...LOAD, ...load }).totalBytes;
  const base = total({});
  assert(total({ instances: 4 }) < base);
  assert(total({ framesPerSession: 4 }) < base);
  assert(total({ retentionMs: 60_000 }) < base);
  assert(total({ standbyReplicas: 1 }) > base);
  // A buffer a task: of more than four they are more than the one that all share with at least once.
  const manyTasks = { instances: 1, partitions: 8 };
  assert(total({ ...manyTasks, processingGuarantee: "exactly_once" }) > total(manyTasks));
  assertEquals(total({ retentionMs: Infinity }), Infinity);
});

Deno.test("the arcade's sizes are those of frames that the generator draws", async () => {
  const { keyBytes, valueBytes, sessionBytes } = await arcadeSizes();
  assert(keyBytes > 15 && keyBytes < 60, `${keyBytes}`);
  assert(valueBytes > 20 && valueBytes < 200, `${valueBytes}`);
  assert(sessionBytes(10) > 5 * sessionBytes(1));
});
