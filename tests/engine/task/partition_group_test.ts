/** Which record of a task's input partitions comes next. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { SchemaNotLoaded, type Serde, stringSerde } from "../../../src/serde/mod.ts";
import { EngineStats } from "../../../src/engine/record/stats.ts";
import { Source } from "../../../src/engine/processors/source_sink.ts";
import { PartitionGroup } from "../../../src/engine/task/partition_group.ts";
import { RecordQueue } from "../../../src/engine/task/record_queue.ts";
import { RecordSet } from "../../../src/kafka/port/record_set.ts";

/** A group with a queue a topic, whose next offsets are 0. */
function groupOf(topics: readonly string[], value: Serde<string> = stringSerde()): PartitionGroup {
  return new PartitionGroup(topics.map((topic) =>
    new RecordQueue(topic, 0, 0, {
      key: stringSerde(),
      value,
      timestampExtractor: undefined,
      source: new Source(),
      stats: new EngineStats(),
    })
  ));
}

/** Adds records of these times, with a value and no key. What is pushed is at the end of its partition, if no other end is given. */
function push(queue: RecordQueue, timestamps: readonly number[], endOffset?: number): void {
  const from = queue.position;
  const count = timestamps.length;
  queue.push(
    new RecordSet({
      topic: queue.topic,
      partition: 0,
      count,
      bytes: new TextEncoder().encode("x"),
      offsets: Float64Array.from(timestamps, (_, i) => from + i),
      timestamps: Float64Array.from(timestamps),
      keyStart: new Int32Array(count).fill(-1),
      keyEnd: new Int32Array(count),
      valueStart: new Int32Array(count),
      valueEnd: new Int32Array(count).fill(1),
      headersStart: new Int32Array(count).fill(-1),
      nextOffset: from + count,
      endOffset: endOffset ?? from + count,
      startOffset: 0,
    }),
  );
}

/** Takes records until none is next. */
function takeAll(group: PartitionGroup): string[] {
  const taken: string[] = [];
  for (let queue = group.next(); queue !== undefined; queue = group.next()) {
    taken.push(`${queue.topic}@${queue.headTimestamp}`);
    queue.advance();
  }
  return taken;
}

Deno.test("records come in the order of their times, whichever partition they are of", () => {
  const group = groupOf(["a", "b", "c"]);
  const [a, b, c] = group.queues as [RecordQueue, RecordQueue, RecordQueue];
  push(a, [10, 40]);
  push(b, [20, 30, 50]);
  push(c, [5]);
  assertEquals(takeAll(group), ["c@5", "a@10", "b@20", "b@30", "a@40", "b@50"]);
});

Deno.test("a partition's own order stands, though a later record of it is older", () => {
  const group = groupOf(["a", "b"]);
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(a, [30, 10]);
  push(b, [20]);
  assertEquals(takeAll(group), ["b@20", "a@30", "a@10"]);
});

Deno.test("of equal times the first partition's record comes first", () => {
  const group = groupOf(["a", "b"]);
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(b, [7, 7]);
  push(a, [7, 7]);
  assertEquals(takeAll(group), ["a@7", "a@7", "b@7", "b@7"]);
});

Deno.test("all wait while a partition is empty of which the log has more", () => {
  const group = groupOf(["a", "b"]);
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(a, [10, 20]);
  push(b, [1], 2);
  assertEquals(takeAll(group), ["b@1"]);
  push(b, [15]);
  assertEquals(takeAll(group), ["a@10", "b@15", "a@20"]);
});

Deno.test("all wait while the log has told nothing of an empty partition, and go on when it is at its end", () => {
  const group = groupOf(["a", "b"]);
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(a, [10]);
  assertEquals(group.next(), undefined);
  b.endOffset = 0;
  assertEquals(takeAll(group), ["a@10"]);
});

Deno.test("a record that can't be decoded comes before any other: no time of it is known", () => {
  const group = groupOf(["a", "b"], {
    ...stringSerde(),
    decode() {
      throw new Error("no text");
    },
  });
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  b.endOffset = 0;
  push(a, [10]);
  assertEquals([group.next(), a.refusal?.part], [a, "value"]);
});

Deno.test("what is half processed goes on before any other record, also while a partition is waited for", () => {
  const group = groupOf(["a", "b"]);
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(b, [20, 30]);
  group.paused = b;
  assertEquals([a.mayHaveMore, group.next()], [true, b]);
  push(a, [10]);
  assertEquals(group.next(), b);
  b.advance();
  group.paused = undefined;
  assertEquals(takeAll(group), ["a@10", "b@30"]);
});

Deno.test("all wait while a head waits for its schema, until it is tried again", () => {
  let loaded = false;
  const text = stringSerde();
  const group = groupOf(["a", "b"], {
    ...text,
    decode(bytes, from, to) {
      if (!loaded) throw new SchemaNotLoaded("schema 7", () => Promise.resolve());
      return text.decode(bytes, from, to);
    },
  });
  const [a, b] = group.queues as [RecordQueue, RecordQueue];
  push(a, [10]);
  b.endOffset = 0;
  assertEquals(group.next(), undefined);
  assertInstanceOf(group.blockedBy, SchemaNotLoaded);
  loaded = true;
  group.unblock();
  assertEquals([group.blockedBy, group.next()], [undefined, a]);
});

Deno.test("a group without partitions has no next record", () => {
  assertEquals(groupOf([]).next(), undefined);
});
