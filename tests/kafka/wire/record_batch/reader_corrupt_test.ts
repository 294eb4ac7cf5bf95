import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { crc32c } from "../../../../src/kafka/wire/record_batch/crc32c.ts";
import { CorruptRecordError, UnsupportedBatchError } from "../../../../src/kafka/wire/record_batch/errors.ts";
import { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import vectors from "./vectors/record_batches.json" with { type: "json" };
import {
  appendAll,
  concat,
  randomRecords,
  read,
  recordsOf,
  seeded,
  withSeed,
} from "./record_batch_support.ts";

const NAMES = Object.keys(vectors).filter((name) => name !== "magic1") as (keyof typeof vectors)[];
const vector = (name: keyof typeof vectors): Uint8Array =>
  Uint8Array.from(atob(vectors[name]), (c) => c.charCodeAt(0));

/** Makes the checksum right again, as a faulty producer would. */
function sealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer, batch.byteOffset).setUint32(17, crc32c(batch, 21, batch.length));
  return batch;
}

/** A batch of one record whose bytes after the batch's header are these. */
function batchOf(...records: number[]): Uint8Array {
  const batch = new Uint8Array(61 + records.length);
  const view = new DataView(batch.buffer);
  batch.set(records, 61);
  view.setInt32(8, batch.length - 12);
  batch[16] = 2;
  view.setBigInt64(43, -1n);
  view.setInt32(57, 1);
  return sealed(batch);
}

Deno.test("each truncation of a batch is the named error, or is left for later after a whole one", () => {
  const writer = new BatchWriter();
  appendAll(writer, randomRecords(seeded(1), 4));
  const batch = writer.finish();
  for (let length = 1; length < batch.length; length++) {
    const error = assertThrows(
      () => read(batch.subarray(0, length), { fetchOffset: 42 }),
      CorruptRecordError,
    );
    assertEquals([error.topic, error.partition, error.offset], ["T", 3, 42]);
    if (length < 300) assertEquals(read(concat(batch, batch.subarray(0, length))).count, 4);
  }
});

Deno.test("each single wrong bit is an error or leaves the records as they are", () => {
  const writer = new BatchWriter();
  appendAll(writer, randomRecords(seeded(2), 3));
  const batch = writer.finish().slice(0, 4000);
  const whole = writer.sizeInBytes <= 4000;
  assert(whole, "the seed gives a small batch");
  const records = recordsOf(read(batch)).map((record) => ({ ...record, offset: 0 }));
  for (let at = 0; at < batch.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      batch[at]! ^= 1 << bit;
      try {
        const set = read(batch, { fetchOffset: -(2 ** 64) });
        // The base offset and the leader epoch are not in the checksum.
        assert(at < 8 || (at >= 12 && at < 16), `byte ${at}`);
        assertEquals(recordsOf(set).map((record) => ({ ...record, offset: 0 })), records);
      } catch (error) {
        if (!(error instanceof UnsupportedBatchError)) {
          assertInstanceOf(error, CorruptRecordError, `byte ${at}`);
        }
      }
      batch[at]! ^= 1 << bit;
    }
  }
});

Deno.test("the checksum's error names both checksums and the place", () => {
  const batch = vector("none");
  batch[100]! ^= 1;
  const error = assertThrows(() => read(batch), CorruptRecordError, "checksum 0x");
  assertEquals([error.topic, error.partition, error.offset], ["T", 3, 100]);
});

Deno.test("well-sealed nonsense is the named error", () => {
  const cases: [string, Uint8Array][] = [
    ["a record longer than the batch", batchOf(100, 0, 0, 0, 1, 1, 0)],
    ["a negative record length", batchOf(1, 0, 0, 0, 1, 1, 0)],
    ["a record too short", batchOf(10, 0, 0, 0, 1, 1, 0)],
    ["a key beyond the record", batchOf(12, 0, 0, 0, 8, 1, 0)],
    ["a key length of -2", batchOf(12, 0, 0, 0, 3, 1, 0)],
    ["a value beyond the record", batchOf(12, 0, 0, 0, 1, 8, 0)],
    ["a value length of -2", batchOf(12, 0, 0, 0, 1, 3, 0)],
    ["an offset delta above the last", batchOf(12, 0, 0, 2, 1, 1, 0)],
    ["a negative offset delta", batchOf(12, 0, 0, 1, 1, 1, 0)],
    ["a header that is not there", batchOf(12, 0, 0, 0, 1, 1, 2)],
    ["a negative header count", batchOf(12, 0, 0, 0, 1, 1, 1)],
    ["a header without a key", batchOf(16, 0, 0, 0, 1, 1, 2, 1, 1)],
    ["bytes after the headers", batchOf(14, 0, 0, 0, 1, 1, 0, 0)],
    ["bytes after the last record", batchOf(12, 0, 0, 0, 1, 1, 0, 0)],
    ["an endless varint", batchOf(26, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
  ];
  for (const [what, batch] of cases) {
    const error = assertThrows(() => read(batch), CorruptRecordError, "", what);
    assertEquals([error.topic, error.offset], ["T", 0]);
  }
  assertEquals(read(batchOf(12, 0, 0, 0, 1, 1, 0)).count, 1); // the shape that the cases vary is right
});

Deno.test("an offset that no number holds is the named error, as reading would not get on from there", () => {
  for (const offset of [2n ** 53n - 1n, 2n ** 63n - 1n]) {
    const batch = batchOf(12, 0, 0, 0, 1, 1, 0);
    new DataView(batch.buffer).setBigInt64(0, offset);
    const error = assertThrows(() => read(batch), CorruptRecordError, `a batch at offset ${Number(offset)}`);
    assertEquals(error.offset, 0);
  }
});

Deno.test("a count of two billion records allocates nothing for them", () => {
  for (const name of ["none", "gzip", "lz4"] as const) {
    const batch = vector(name);
    new DataView(batch.buffer).setInt32(57, 2 ** 31 - 1);
    assertThrows(() => read(sealed(batch)), CorruptRecordError, "2147483647 records");
  }
});

Deno.test("unknown compressions and formats are refused by name", () => {
  const batch = vector("none");
  batch[22] = 5;
  assertThrows(() => read(sealed(batch)), UnsupportedBatchError, "compression type 5");
  batch[16] = 3;
  assertThrows(() => read(batch), CorruptRecordError, "record format 3");
  batch[16] = 0;
  assertThrows(() => read(batch), UnsupportedBatchError, "record format 0");
});

Deno.test("compressed bytes that are none are the named error", () => {
  const plain = vector("none");
  for (let type = 1; type <= 4; type++) {
    plain[22] = type;
    assertThrows(() => read(sealed(plain)), CorruptRecordError, "no valid");
  }
});

Deno.test("random damage with a right checksum is the named error or records, never anything else", () =>
  withSeed((random) => {
    for (let round = 0; round < 3000; round++) {
      const batch = vector(NAMES[Math.floor(random() * NAMES.length)]!);
      for (let flips = 1 + random() * 4; flips >= 1; flips--) {
        batch[21 + Math.floor(random() * (batch.length - 21))] = random() * 256;
      }
      try {
        const set = read(sealed(batch), { maxBatchBytes: 4_000_000, abortedTransactions: [] });
        for (const record of recordsOf(set)) assert(Number.isFinite(record.timestamp));
      } catch (error) {
        if (!(error instanceof UnsupportedBatchError)) assertInstanceOf(error, CorruptRecordError);
      }
    }
  }));

Deno.test("random bytes are the named error", () =>
  withSeed((random) => {
    for (let round = 0; round < 2000; round++) {
      const bytes = Uint8Array.from({ length: 1 + random() * 200 }, () => random() * 256);
      if (bytes.length > 16) bytes[16] = 2;
      assertThrows(() => read(bytes), CorruptRecordError);
    }
  }));
