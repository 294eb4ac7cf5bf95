import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { CorruptRecordError, UnsupportedBatchError } from "../../../../src/kafka/wire/record_batch/errors.ts";
import { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import { NO_HEADERS } from "../../../../src/kafka/port/record_set.ts";
import { appendAll, concat, randomRecords, read, recordsOf, withSeed } from "./record_batch_support.ts";
import { whole } from "../../../../src/kafka/port/bytes_range.ts";

const utf8 = new TextEncoder();
const V = utf8.encode("value");

/** A batch of `count` equal records that begins at an offset; a copy. */
function batchAt(
  offset: number,
  count: number,
  options: Parameters<BatchWriter["finish"]>[0] = {},
): Uint8Array {
  const writer = new BatchWriter();
  for (let i = 0; i < count; i++) writer.append(1000 + i, null, whole(V));
  const bytes = writer.finish(options).slice();
  new DataView(bytes.buffer).setBigInt64(0, BigInt(offset)); // as the broker does; the checksum leaves it out
  return bytes;
}

Deno.test("what is written is read, uncompressed and by gzip, in a buffer that is used again", () =>
  withSeed((random) => {
    const writer = new BatchWriter(0);
    for (let round = 0; round < 40; round++) {
      const records = randomRecords(random, 1 + Math.floor(random() * 60));
      writer.reset();
      appendAll(writer, records);
      assertEquals(writer.count, records.length);
      assertEquals(writer.finish().length, writer.sizeInBytes);
      assertEquals(recordsOf(read(writer.finish())), records);
      assertEquals(recordsOf(read(writer.finish({ compression: "gzip" }))), records);
    }
  }));

Deno.test("keys and values of any length are copied, from the same buffer, another, or a view in one", () =>
  withSeed((random) => {
    const noise = (): Uint8Array => Uint8Array.from({ length: 2000 }, () => random() * 256);
    const buffers = [noise(), noise(), noise().subarray(7), Buffer.from(noise())];
    const whole = (below: number): number => Math.floor(random() * below);
    const writer = new BatchWriter(0);
    const expected: [number[], number[]][] = [];
    let [key, value] = [buffers[0]!, buffers[0]!];
    for (let i = 0; i < 1500; i++) {
      if (random() < 0.2) key = buffers[whole(buffers.length)]!;
      if (random() < 0.2) value = buffers[whole(buffers.length)]!;
      const [keyFrom, valueFrom] = [whole(1000), whole(1000)];
      const [keyTo, valueTo] = [keyFrom + whole(300), valueFrom + whole(300)];
      // What the same buffer holds now counts, not what it held when it was seen first.
      key[keyFrom] = whole(256);
      writer.append(i, { bytes: key, from: keyFrom, to: keyTo }, {
        bytes: value,
        from: valueFrom,
        to: valueTo,
      });
      expected.push([[...key.subarray(keyFrom, keyTo)], [...value.subarray(valueFrom, valueTo)]]);
    }
    const records = recordsOf(read(writer.finish()));
    assertEquals(records.map(({ key, value }) => [[...key!], [...value!]]), expected);
  }));

Deno.test("reading does not copy, and a Buffer is read as well", () => {
  const bytes = batchAt(0, 3);
  const set = read(bytes);
  assertStrictEquals(set.bytes, bytes);
  assertStrictEquals(set.headers(0), NO_HEADERS);
  const buffer = Buffer.from(bytes);
  const fromBuffer = read(buffer);
  assertStrictEquals(fromBuffer.bytes.buffer, buffer.buffer);
  assertEquals(fromBuffer.bytes.constructor, Uint8Array);
  assertEquals(recordsOf(fromBuffer), recordsOf(set));
});

Deno.test("the header says who produced the batch", () => {
  const batch = batchAt(0, 2, {
    producerId: 2 ** 40 + 7,
    producerEpoch: 5,
    baseSequence: 2 ** 31 - 1,
    transactional: true,
  });
  const view = new DataView(batch.buffer);
  assertEquals(view.getInt32(8), batch.length - 12);
  assertEquals(view.getInt8(16), 2);
  assertEquals(view.getInt16(21), 0x10);
  assertEquals(view.getInt32(23), 1);
  assertEquals(view.getBigInt64(27), 1000n);
  assertEquals(view.getBigInt64(35), 1001n);
  assertEquals(view.getBigInt64(43), 2n ** 40n + 7n);
  assertEquals(view.getInt16(51), 5);
  assertEquals(view.getInt32(53), 2 ** 31 - 1);
  assertEquals(view.getInt32(57), 2);
  const plain = new DataView(batchAt(0, 1).buffer);
  assertEquals([plain.getInt16(21), plain.getBigInt64(43), plain.getInt16(51), plain.getInt32(53)], [
    0,
    -1n,
    -1,
    -1,
  ]);
});

Deno.test("finish can be repeated with another producer epoch", () => {
  const writer = new BatchWriter();
  writer.append(1, null, whole(V));
  const first = writer.finish({ producerId: 1, producerEpoch: 1, baseSequence: 0 }).slice();
  const second = writer.finish({ producerId: 1, producerEpoch: 2, baseSequence: 0 });
  assertEquals(new DataView(second.buffer).getInt16(51), 2);
  assertEquals(recordsOf(read(first)), recordsOf(read(second)));
});

Deno.test("the writer refuses what would be written wrongly, and goes on as before", () => {
  const writer = new BatchWriter();
  assertThrows(() => writer.finish(), RangeError, "no records");
  for (const timestamp of [NaN, Infinity, -2, 1.5, 2 ** 52]) {
    assertThrows(
      () => writer.append(timestamp, null, whole(V)),
      RangeError,
      `timestamp ${timestamp}`,
    );
  }
  assertEquals(writer.count, 0);
  writer.append(1, null, whole(V));
  assertThrows(() => writer.finish({ producerId: 2 ** 60 }), RangeError, "producer id");
  assertEquals(read(writer.finish()).count, 1);
});

Deno.test("several batches are one set; records below the fetch offset are left out; a truncated batch is left for later", () => {
  const bytes = concat(batchAt(10, 3), batchAt(13, 2), batchAt(20, 4));
  const set = read(bytes.subarray(0, bytes.length - 1), { fetchOffset: 11 });
  assertEquals(recordsOf(set).map(({ offset }) => offset), [11, 12, 13, 14]);
  assertEquals(set.nextOffset, 15);
  assertEquals([set.topic, set.partition, set.endOffset, set.startOffset], ["T", 3, 1000, 0]);
  assertEquals(read(bytes, { fetchOffset: 11 }).nextOffset, 24);
  const error = assertThrows(
    () => read(batchAt(10, 3), { fetchOffset: 30 }),
    CorruptRecordError,
    "end before it",
  );
  assertEquals(error.offset, 30);
});

Deno.test("nothing fetched is an empty set", () => {
  const set = read(new Uint8Array(0), { fetchOffset: 7 });
  assertEquals([set.count, set.nextOffset], [0, 7]);
});

Deno.test("only the range is read", () => {
  const batch = batchAt(5, 2);
  const bytes = concat(new Uint8Array(33).fill(0xee), batch, new Uint8Array(20).fill(0xee));
  const set = read(bytes, { from: 33, to: 33 + batch.length });
  assertEquals(recordsOf(set), recordsOf(read(batch)));
});

Deno.test("compressed and uncompressed batches together are one set in one buffer", () => {
  const bytes = concat(
    batchAt(0, 2),
    batchAt(2, 3, { compression: "gzip" }),
    batchAt(5, 1),
    batchAt(6, 2, { compression: "gzip" }),
  );
  const set = read(bytes, { fetchOffset: 1 });
  const records = recordsOf(set);
  assertEquals(records.map(({ offset }) => offset), [1, 2, 3, 4, 5, 6, 7]);
  assert(records.every(({ value }) => new TextDecoder().decode(value!) === "value"));
  assertEquals(set.nextOffset, 8);
});

Deno.test("what decompresses to too much is left for the next fetch, or refused when it is one batch", () => {
  const bytes = concat(batchAt(0, 100, { compression: "gzip" }), batchAt(100, 100, { compression: "gzip" }));
  const first = read(bytes, { maxDecompressedBytes: 100 });
  assertEquals([first.count, first.nextOffset], [100, 100]);
  const second = read(bytes, { fetchOffset: 100, maxDecompressedBytes: 100 });
  assertEquals([second.count, second.nextOffset], [100, 200]);
  const error = assertThrows(
    () => read(bytes, { maxBatchBytes: 100 }),
    UnsupportedBatchError,
    "maxBatchBytes",
  );
  assertEquals([error.topic, error.partition, error.offset], ["T", 3, 0]);
});

Deno.test("with the broker's timestamps all records have the batch's", async () => {
  const { crc32c } = await import("../../../../src/kafka/wire/record_batch/crc32c.ts");
  const bytes = batchAt(0, 2);
  const view = new DataView(bytes.buffer);
  view.setInt16(21, 0x08);
  view.setBigInt64(35, 5555n);
  view.setUint32(17, crc32c(bytes, 21, bytes.length));
  assertEquals(recordsOf(read(bytes)).map(({ timestamp }) => timestamp), [5555, 5555]);
});
