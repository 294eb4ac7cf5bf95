import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { Batch, PartitionQueue } from "../../../src/kafka/client/partition_queue.ts";
import { type BufferOptions, ProduceBuffer } from "../../../src/kafka/client/produce_buffer.ts";
import { KafkaError, ProduceError } from "../../../src/kafka/port/errors.ts";
import type { Substitute } from "../../../src/kafka/port/producer.ts";
import { readRecordSet } from "../../../src/kafka/wire/record_batch/reader.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

const BROKER = 1;
const REFUSED = new KafkaError("INVALID_RECORD", "Cannot write to t-0: a bad record", false);

/** A buffer that seals by flushes and when it is full; and how often it said that there is something to send. */
function make(options: BufferOptions = {}): { buffer: ProduceBuffer; woken: () => number } {
  let times = 0;
  const buffer = new ProduceBuffer({ lingerMs: 2 ** 30, ...options }, () => times++);
  buffer.producer = { id: 7, epoch: 0 };
  return { buffer, woken: () => times };
}

function append(buffer: ProduceBuffer, value: string, partition = 0): void {
  const bytes = new TextEncoder().encode(value);
  buffer.append("t", partition, 1_700_000_000_000, null, whole(bytes));
}

/** Appends each value in a batch of its own, and seals it. */
function seal(buffer: ProduceBuffer, ...values: readonly string[]): void {
  for (const value of values) {
    append(buffer, value);
    buffer.sealAll();
  }
}

/** The queue of a partition that was appended to. */
function queue(buffer: ProduceBuffer, partition = 0): PartitionQueue {
  return buffer.queues.find((queue) => queue.partition === partition)!;
}

/** Takes and encodes as many batches of partition 0. */
function take(buffer: ProduceBuffer, count: number): Batch[] {
  return Array.from({ length: count }, () => {
    const batch = buffer.take(queue(buffer));
    buffer.encode(batch);
    return batch;
  });
}

/** What a broker would see of a batch. */
function seen({ encoded, count }: Batch): { values: string[]; sequence: number; producerId: number } {
  const bytes = encoded!.slice();
  const view = new DataView(bytes.buffer);
  const set = readRecordSet({
    topic: "t",
    partition: 0,
    fetchOffset: 0,
    bytes,
    from: 0,
    to: bytes.length,
    endOffset: count,
    startOffset: 0,
  });
  return {
    values: Array.from({ length: set.count }, (_, i) => new TextDecoder().decode(set.value(i)!)),
    sequence: view.getInt32(53),
    producerId: Number(view.getBigInt64(43)),
  };
}

/** Whether a promise has been fulfilled, once what is due has been done. */
async function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  let fulfilled = false;
  void promise.then(() => fulfilled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return fulfilled;
}

Deno.test("a batch is sealed when the next record would not fit, and who sends is told", () => {
  const { buffer, woken } = make({ batchBytes: 400 });
  append(buffer, "a".repeat(200));
  assertEquals([buffer.waiting.size, woken()], [0, 0]);
  append(buffer, "b".repeat(200));
  assertEquals([...buffer.waiting], [queue(buffer)]);
  assertEquals([queue(buffer).sealed.length, woken()], [1, 1]);
  append(buffer, "c".repeat(2_000));
  append(buffer, "d");
  assertEquals(queue(buffer).sealed.map(({ count }) => count), [1, 1, 1]);
  buffer.close();
});

Deno.test("batches get their sequence numbers when they are taken, and keep them over all tries", () => {
  const { buffer } = make();
  append(buffer, "0");
  seal(buffer, "1", "2", "3");
  const [one, two, three] = take(buffer, 3);
  assertEquals([one!, two!, three!].map((batch) => seen(batch).sequence), [0, 2, 3]);
  for (const batch of [three!, one!, two!]) buffer.putBack(batch);
  assertEquals(queue(buffer).sealed, [one!, two!, three!]);
  seal(buffer, "4");
  assertEquals(take(buffer, 4).map((batch) => seen(batch).sequence), [0, 2, 3, 4]);
  assertEquals(seen(one!).values, ["0", "1"]);
});

Deno.test("who was served goes behind the others that wait", () => {
  const { buffer } = make();
  for (const partition of [0, 1, 2]) append(buffer, "a", partition);
  buffer.sealAll();
  for (const partition of [0, 2]) append(buffer, "b", partition);
  buffer.sealAll();
  const waiting = () => [...buffer.waiting].map(({ partition }) => partition);
  assertEquals(waiting(), [0, 1, 2]);
  buffer.take(queue(buffer, 0));
  assertEquals(waiting(), [1, 2, 0]);
  buffer.take(queue(buffer, 1));
  assertEquals(waiting(), [2, 0]);
});

Deno.test("the linger seals where nothing of the partition is sealed or under way; else the acknowledgement does", async () => {
  const sealed = Promise.withResolvers<void>();
  const buffer = new ProduceBuffer({ lingerMs: 1, bufferBytes: 1 }, sealed.resolve);
  buffer.producer = { id: 7, epoch: 0 };
  append(buffer, "0");
  await sealed.promise;
  append(buffer, "1");
  void buffer.ready(); // does what the linger does, now
  assertEquals(queue(buffer).sealed.length, 1);
  const [first] = take(buffer, 1);
  append(buffer, "2");
  void buffer.ready();
  assertEquals([queue(buffer).inFlight, buffer.waiting.size], [1, 0]);
  buffer.acknowledge(first!, BROKER);
  assertEquals(seen(take(buffer, 1)[0]!).values, ["1", "2"]);
  buffer.close();
});

Deno.test("five batches are under way to the broker that acknowledged the last one; one to any other, or after a failure", () => {
  const { buffer } = make();
  seal(buffer, "0", "1", "2", "3", "4", "5", "6", "7");
  const [first] = take(buffer, 1);
  assert(!queue(buffer).maySend(BROKER));
  buffer.acknowledge(first!, BROKER);
  take(buffer, 4);
  assertEquals([queue(buffer).maySend(BROKER), queue(buffer).maySend(2)], [true, false]);
  take(buffer, 1);
  assert(!queue(buffer).maySend(BROKER));
});

Deno.test("an acknowledgement behind a batch that failed says nothing of what the broker knows", () => {
  const { buffer } = make();
  seal(buffer, "0", "1");
  const [first, second] = take(buffer, 2);
  buffer.putBack(first!);
  buffer.acknowledge(second!, BROKER);
  assertEquals(queue(buffer).confirmedBy, undefined);
  buffer.acknowledge(take(buffer, 1)[0]!, BROKER);
  assertEquals(queue(buffer).confirmedBy, BROKER);
});

Deno.test("a flush waits for what was appended before it, and for nothing else", async () => {
  const { buffer } = make();
  seal(buffer, "0");
  append(buffer, "1");
  const flushed = buffer.flush();
  seal(buffer, "2");
  const [zero, one] = take(buffer, 2);
  buffer.acknowledge(one!, BROKER);
  assert(!await isFulfilled(flushed));
  buffer.acknowledge(zero!, BROKER);
  await flushed;
  assertEquals(buffer.counts, { appended: 3, acknowledged: 2, failed: 0 });
});

Deno.test("who waits for a batch that is split waits for both halves, which have its numbers", async () => {
  const { buffer, woken } = make();
  for (const value of ["0", "1", "2"]) append(buffer, value);
  const flushed = buffer.flush();
  seal(buffer, "3");
  const [large] = take(buffer, 1);
  large!.uncertain = true;
  const before = woken();
  buffer.split(large!);
  assert(woken() > before);
  const parts = take(buffer, 3);
  assertEquals(parts.map((batch) => seen(batch).values), [["0", "1"], ["2"], ["3"]]);
  assertEquals(parts.map((batch) => seen(batch).sequence), [0, 2, 3]);
  assertEquals(parts.map(({ uncertain }) => uncertain), [true, true, false]);
  buffer.acknowledge(parts[0]!, BROKER);
  assert(!await isFulfilled(flushed));
  buffer.acknowledge(parts[1]!, BROKER);
  await flushed;
  buffer.acknowledge(parts[2]!, BROKER);
  assertEquals(buffer.pendingBytes, 0);
});

Deno.test("sequence numbers wrap round to 0, also within a batch that is split", () => {
  const { buffer } = make();
  for (const value of ["0", "1", "2", "3"]) append(buffer, value);
  seal(buffer, "4");
  queue(buffer).renumber(2 ** 31 - 2);
  seal(buffer, "5");
  const [large, last] = take(buffer, 2);
  assertEquals([seen(large!).sequence, seen(last!).sequence], [2 ** 31 - 2, 3]);
  buffer.putBack(last!);
  buffer.split(large!);
  assertEquals(take(buffer, 3).map((batch) => seen(batch).sequence), [2 ** 31 - 2, 1, 3]);
});

Deno.test("a batch that is given up is told by the next flush, and leaves a gap that is closed by new numbers", async () => {
  const { buffer } = make();
  seal(buffer, "0", "1", "2");
  const [zero, one, two] = take(buffer, 3);
  buffer.giveUp(one!, new Error("too bad"));
  buffer.putBack(two!);
  assert(!queue(buffer).mendable, "0 is under way");
  buffer.acknowledge(zero!, BROKER);
  assert(queue(buffer).mendable);
  buffer.closeGap(queue(buffer));
  assertEquals(queue(buffer).gap, undefined);
  seal(buffer, "3");
  const renumbered = take(buffer, 2);
  assertEquals(renumbered.map(seen), [
    { values: ["2"], sequence: 1, producerId: 7 },
    { values: ["3"], sequence: 2, producerId: 7 },
  ]);
  for (const batch of renumbered) buffer.acknowledge(batch, BROKER);
  const error = await assertRejects(() => buffer.flush(), ProduceError);
  assertStringIncludes(error.message, "too bad");
  assertEquals(error.lost, new Map([["t", 1]]));
  assertEquals(buffer.counts, { appended: 4, acknowledged: 3, failed: 1 });
  await buffer.flush();
});

Deno.test("a gap begins with the first number that is missing, and is uncertain with any batch in it", () => {
  const { buffer } = make();
  seal(buffer, "0", "1", "2");
  const [zero, one, two] = take(buffer, 3);
  two!.uncertain = true;
  buffer.giveUp(two!, "late");
  buffer.putBack(zero!);
  assert(!queue(buffer).mendable);
  buffer.giveUp(one!, "later");
  assertEquals(queue(buffer).gap, { sequence: 1, uncertain: true, error: "late" });
  assert(!queue(buffer).mendable, "0 comes before the gap");
});

Deno.test("a batch that was never sent, or whose numbers are not to be missed, leaves no gap", () => {
  const { buffer } = make();
  seal(buffer, "0", "1");
  buffer.giveUp(queue(buffer).next!, "unsent");
  buffer.forgo(take(buffer, 1)[0]!, "the transaction is over");
  assertEquals(queue(buffer).gap, undefined);
  assertEquals([buffer.counts.failed, buffer.pendingBytes, buffer.waiting.size], [2, 0, 0]);
});

Deno.test("a partition gets a new id by itself; the others keep their numbers under the old one", () => {
  const { buffer } = make();
  const both = (value: string) => {
    for (const partition of [0, 1]) append(buffer, value, partition);
    buffer.sealAll();
  };
  const next = (partition: number) => {
    const batch = buffer.take(queue(buffer, partition));
    buffer.encode(batch);
    return batch;
  };
  both("a");
  buffer.acknowledge(next(1), BROKER);
  buffer.putBack(next(0));
  buffer.renew(queue(buffer, 0));
  assertEquals(buffer.producer, undefined);
  buffer.producer = { id: 8, epoch: 0 };
  assertEquals(seen(next(0)), { values: ["a"], sequence: 0, producerId: 8 });
  both("b");
  assertEquals(seen(next(1)), { values: ["b"], sequence: 1, producerId: 7 });
  assertEquals(seen(next(0)), { values: ["b"], sequence: 1, producerId: 8 });
  buffer.identify({ id: 9, epoch: 0 });
  both("c");
  assertEquals(seen(next(1)), { values: ["c"], sequence: 0, producerId: 9 });
});

/** What comes of a record that is refused, with others behind it. */
function refused(
  onRefused: BufferOptions["onRefused"],
): { buffer: ProduceBuffer; error: Promise<Error | undefined> } {
  const { buffer } = make({ onRefused });
  seal(buffer, "bad");
  const error = buffer.flush().then(() => undefined, (error: Error) => error);
  buffer.refuse(take(buffer, 1)[0]!, REFUSED);
  assertEquals(queue(buffer).gap?.sequence, 0);
  return { buffer, error };
}

Deno.test("a record that is refused is given up, as its handler fails it or throws, or where there is none", async () => {
  for (const onRefused of [undefined, () => "fail" as const]) {
    const { buffer, error: rejected } = refused(onRefused);
    assertEquals(buffer.decidesRefusals, onRefused !== undefined);
    const error = await rejected;
    assert(error instanceof ProduceError && error.refused);
    assertStringIncludes(error!.message, "a bad record");
    assertEquals(buffer.counts, { appended: 1, acknowledged: 0, failed: 1 });
  }
  const { error: rejected } = refused(() => {
    throw new Error("the handler is broken");
  });
  const error = await rejected;
  assert(error instanceof ProduceError && error.refused);
  assertStringIncludes(error!.message, "the handler is broken");
});

Deno.test("a record that is refused is left out, and nobody waits for it", async () => {
  const { buffer, error } = refused(() => "drop");
  assertEquals(await error, undefined);
  assertEquals(buffer.counts, { appended: 1, acknowledged: 0, failed: 1 });
  assertEquals([buffer.pendingBytes, buffer.waiting.size], [0, 0]);
});

Deno.test("for a record that is refused another one is written, which the flush waits for", async () => {
  const substitute: Substitute = {
    topic: "dead",
    partition: 3,
    timestamp: 5,
    key: null,
    value: new TextEncoder().encode("instead"),
    headers: [],
  };
  let asked: unknown;
  const { buffer, error } = refused((record) => {
    asked = { ...record, value: new TextDecoder().decode(record.value!) };
    return substitute;
  });
  assertEquals(asked, {
    topic: "t",
    partition: 0,
    timestamp: 1_700_000_000_000,
    key: null,
    value: "bad",
    headers: [],
    error: REFUSED,
  });
  assert(!await isFulfilled(error));
  const [target] = [...buffer.waiting];
  assertEquals([target!.topic, target!.partition], ["dead", 3]);
  const batch = buffer.take(target!);
  buffer.encode(batch);
  assertEquals(seen(batch).values, ["instead"]);
  buffer.acknowledge(batch, BROKER);
  assertEquals(await error, undefined);
  assertEquals(buffer.counts, { appended: 2, acknowledged: 1, failed: 1 });
  assertEquals(buffer.pendingBytes, 0);
});

Deno.test("what is held is the memory of buffers, then of what they are compressed to, and of requests", async () => {
  const { buffer } = make({ compression: "gzip", bufferBytes: 10_000 });
  append(buffer, "x".repeat(20_000));
  assert(buffer.pendingBytes >= 20_000);
  const ready = buffer.ready();
  const [batch] = take(buffer, 1);
  assertEquals(buffer.pendingBytes, batch!.encoded!.length);
  buffer.hold(50_000);
  assertEquals(buffer.pendingBytes, batch!.encoded!.length + 50_000);
  assert(!await isFulfilled(ready));
  buffer.hold(-50_000);
  buffer.acknowledge(batch!, BROKER);
  await ready;
  assertEquals(buffer.pendingBytes, 0);
});

Deno.test("a first record that can't be appended leaves no batch behind", async () => {
  const { buffer, woken } = make();
  assertThrows(() => buffer.append("t", 0, 0.5, null, null), RangeError);
  await buffer.flush();
  assertEquals([woken(), buffer.waiting.size, buffer.pendingBytes], [0, 0, 0]);
});

Deno.test("a buffer that is closed drops what is open and loses what is appended; who waits is let go at the end", async () => {
  const { buffer } = make({ bufferBytes: 1 });
  seal(buffer, "0");
  const waiting = [buffer.flush(), buffer.ready()];
  append(buffer, "1");
  buffer.close();
  append(buffer, "2");
  await buffer.ready();
  for (const promise of waiting) assert(!await isFulfilled(promise));
  assertStringIncludes(buffer.takeLost()!.message, "1 of t): the producer is closed");
  buffer.abandon();
  await Promise.all(waiting);
  assertEquals(queue(buffer).sealed.length, 1);
});
