/** Against Kafka's own classes (vectors/RecordBatchVectors.java). */
import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedBatchError } from "../../../../src/kafka/wire/record_batch/errors.ts";
import { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import vectors from "./vectors/record_batches.json" with { type: "json" };
import { appendAll, concat, type PlainRecord, read, recordsOf } from "./record_batch_support.ts";

const utf8 = new TextEncoder();
const PRODUCER = 4294967301;
const TIME = 1_700_000_000_000;

const vector = (name: keyof typeof vectors): Uint8Array =>
  Uint8Array.from(atob(vectors[name]), (c) => c.charCodeAt(0));

/** The records of RecordBatchVectors.java. */
function expected(count: number, repeats: number): PlainRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: 100 + i,
    timestamp: TIME + i * 7 - (i % 3) * 20,
    key: i % 5 === 4 ? null : utf8.encode(`key-${i}`),
    value: i % 7 === 6 ? null : utf8.encode(`value-${i}-`.repeat(i % repeats)),
    headers: i % 13 === 12 ? [{ key: "h", value: utf8.encode(`ü${i}`) }, { key: "n", value: null }] : [],
  }));
}

for (const name of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
  Deno.test(`Kafka's own batch is read: ${name}`, () => {
    const set = read(vector(name), { fetchOffset: 100 });
    assertEquals(recordsOf(set), expected(40, 11));
    assertEquals(set.nextOffset, 140);
  });
}

for (const name of ["gzipLarge", "snappyLarge", "lz4Large", "zstdLarge"] as const) {
  Deno.test(`Kafka's own batch of several blocks is read: ${name}`, () => {
    assertEquals(recordsOf(read(vector(name))), expected(60, 400));
  });
}

Deno.test("our batch is Kafka's, byte for byte", () => {
  const writer = new BatchWriter();
  appendAll(writer, expected(40, 11));
  const kafkas = vector("none");
  kafkas.set(writer.finish().subarray(0, 8)); // Kafka wrote offset 100
  assertEquals(writer.finish(), kafkas);

  writer.reset();
  const [k, v, w] = [utf8.encode("k"), utf8.encode("v"), utf8.encode("w")];
  writer.append(TIME, { bytes: k, from: 0, to: 1 }, { bytes: v, from: 0, to: 1 });
  writer.append(TIME - 5000, null, { bytes: w, from: 0, to: 1 });
  const ours = writer.finish({
    producerId: PRODUCER,
    producerEpoch: 3,
    baseSequence: 77,
    transactional: true,
  });
  const transactional = vector("transactional");
  transactional.set(ours.subarray(0, 16)); // nor do we know the offset and the leader epoch
  assertEquals(ours, transactional);
});

Deno.test("aborted transactions give no records, up to their marker; others do", () => {
  const [data, abort, commit] = [vector("transactional"), vector("abort"), vector("commit")];
  const at = (batch: Uint8Array, offset: number): Uint8Array => {
    const copy = batch.slice();
    new DataView(copy.buffer).setBigInt64(0, BigInt(offset));
    return copy;
  };
  // Aborted at 5 to 6 with its marker at 7; committed at 8 to 9 with its marker at 10.
  const bytes = concat(data, abort, at(data, 8), at(commit, 10));
  const offsets = (abortedTransactions?: { producerId: number; firstOffset: number }[]) => {
    const set = read(bytes, { fetchOffset: 5, abortedTransactions });
    assertEquals(set.nextOffset, 11);
    return recordsOf(set).map(({ offset }) => offset);
  };
  assertEquals(offsets(), [5, 6, 8, 9]); // read_uncommitted
  assertEquals(offsets([]), [5, 6, 8, 9]);
  assertEquals(offsets([{ producerId: PRODUCER, firstOffset: 5 }]), [8, 9]);
  assertEquals(offsets([{ producerId: PRODUCER, firstOffset: 8 }]), [5, 6]);
  assertEquals(
    offsets([{ producerId: PRODUCER, firstOffset: 8 }, { producerId: PRODUCER, firstOffset: 5 }]),
    [],
  );
  assertEquals(offsets([{ producerId: 1, firstOffset: 0 }]), [5, 6, 8, 9]);
});

Deno.test("control records are no records, but the next offset is after them", () => {
  const set = read(vector("commit"), { fetchOffset: 7 });
  assertEquals([set.count, set.nextOffset], [0, 8]);
});

Deno.test("a message in format 1 is refused by name", () => {
  const error = assertThrows(
    () => read(vector("magic1"), { fetchOffset: 9 }),
    UnsupportedBatchError,
    "record format 1",
  );
  assertEquals(error.topic, "T");
});
