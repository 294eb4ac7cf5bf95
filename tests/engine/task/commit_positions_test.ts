/** What of a task's inputs is committed, and what is to be. */
import { assertEquals } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { EngineStats } from "../../../src/engine/record/stats.ts";
import { Source } from "../../../src/engine/processors/source_sink.ts";
import { CommitPositions } from "../../../src/engine/task/commit_positions.ts";
import { RecordQueue } from "../../../src/engine/task/record_queue.ts";

function queue(topic: string, position: number): RecordQueue {
  return new RecordQueue(topic, 2, position, {
    key: stringSerde(),
    value: stringSerde(),
    timestampExtractor: undefined,
    source: new Source(),
    stats: new EngineStats(),
  });
}

Deno.test("what was processed since the last commit is to be committed, or all where that is asked for", () => {
  const queues = [queue("a", 5), queue("b", 7)] as const;
  const positions = new CommitPositions(queues, new Set());
  assertEquals(positions.uncommitted(false), []);
  queues[1].position = 9;
  const b = { topic: "b", partition: 2, offset: 9 };
  assertEquals(positions.uncommitted(false), [b]);
  assertEquals(positions.uncommitted(true), [{ topic: "a", partition: 2, offset: 5 }, b]);
  // It was processed further while that was committed.
  queues[1].position = 11;
  positions.committed([b]);
  assertEquals([queues[1].committed, positions.uncommitted(false)], [9, [{ ...b, offset: 11 }]]);
});

Deno.test("what other tasks commit says nothing of this one", () => {
  const a = queue("a", 5);
  const positions = new CommitPositions([a], new Set(["a"]));
  positions.committed([{ topic: "a", partition: 1, offset: 8 }, { topic: "c", partition: 2, offset: 8 }]);
  assertEquals([a.committed, positions.takePurgeable()], [5, []]);
});

Deno.test("what is committed of a repartition topic may be deleted, and is told once", () => {
  const positions = new CommitPositions([queue("a", 5), queue("own", 0)], new Set(["own"]));
  positions.committed([{ topic: "a", partition: 2, offset: 6 }, { topic: "own", partition: 2, offset: 3 }]);
  positions.committed([{ topic: "own", partition: 2, offset: 4 }]);
  assertEquals(positions.takePurgeable(), [{ topic: "own", partition: 2, offset: 4 }]);
  assertEquals(positions.takePurgeable(), []);
});
