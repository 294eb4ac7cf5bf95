import { zstdCompressSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import type { Random } from "../../../src/game/random.ts";
import type { RecordHeader, RecordSet } from "../../../src/kafka/port/record_set.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";
import { crc32c } from "../../../src/kafka/wire/record_batch/crc32c.ts";
import { CorruptRecordError, UnsupportedBatchError } from "../../../src/kafka/wire/record_batch/errors.ts";
import {
  ATTRIBUTES,
  CONTROL,
  CRC,
  LAST_OFFSET_DELTA,
  LENGTH,
  LENGTH_END,
  MAGIC,
  PRODUCER_ID,
  readInt32,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL,
  writeInt16,
  writeInt32,
  writeInt64,
} from "../../../src/kafka/wire/record_batch/format.ts";
import { readRecordSet } from "../../../src/kafka/wire/record_batch/reader.ts";
import { BatchWriter } from "../../../src/kafka/wire/record_batch/writer.ts";
import { joined } from "../mutations.ts";
import type { FuzzTarget } from "../target.ts";

/** A batch may unpack to so many bytes, and a fetch: little, so that bombs are found out. */
const MOST_BYTES = 1 << 20;
const PRODUCER = 7;

const encoder = new TextEncoder();

/** A partition's batches as a fetch brings them; lengths and checksums are made right before they are read. */
export const RECORD_BATCH: FuzzTarget = {
  name: "record-batch",
  refusals: [CorruptRecordError, UnsupportedBatchError],
  seeds() {
    const plain = batch();
    const records = plain.subarray(RECORDS);
    const second = batch({ base: 3 });
    return [
      plain,
      batch({ gzip: true }),
      batch({ headers: [{ key: "h", value: encoder.encode("v") }, { key: "", value: null }] }),
      ...[snappy(records), snappyJava(records)].map((bytes) => repacked(plain, 2, bytes)),
      repacked(plain, 3, lz4(records)),
      repacked(plain, 4, zstdCompressSync(records)),
      joined(plain, second),
      joined(transactional(plain, TRANSACTIONAL), marker(3, 0)),
      joined(transactional(plain, TRANSACTIONAL), marker(3, 1)),
    ];
  },
  mutate(input, random) {
    const changed = input.slice();
    const starts = batchesOf(changed);
    if (starts.length === 0) return changed;
    const at = starts[random.below(starts.length)]!;
    FIELDS[random.below(FIELDS.length)]!(changed, at, random);
    return changed;
  },
  run(input) {
    const bytes = sealed(input);
    for (const readCommitted of [false, true]) check(read(bytes, readCommitted), bytes);
  },
};

type Change = (bytes: Uint8Array, at: number, random: Random) => void;

const NUMBERS = [0, 1, -1, 2, 3, 127, 128, 65_536, 0x7fff_ffff, -0x8000_0000];
const oneOf = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)]!;

/** Changes of a header's fields, which come past the checksum. */
const FIELDS: readonly Change[] = [
  (bytes, at, random) => writeInt32(bytes, at + RECORD_COUNT, oneOf(NUMBERS, random)),
  (bytes, at, random) => writeInt32(bytes, at + LAST_OFFSET_DELTA, oneOf(NUMBERS, random)),
  (bytes, at, random) => writeInt16(bytes, at + ATTRIBUTES, random.below(128)),
  (bytes, at, random) => writeInt64(bytes, at, oneOf([...NUMBERS, 2 ** 53 - 1, -(2 ** 53)], random)),
  (bytes, at, random) => writeInt64(bytes, at + PRODUCER_ID, oneOf([-1, 0, PRODUCER], random)),
  (bytes, at, random) => void (bytes[at + MAGIC] = random.below(4)),
  (bytes, at, random) => {
    const left = bytes.length - at - RECORDS;
    if (left > 0) bytes[at + RECORDS + random.below(Math.min(left, 1 << 20))] = random.below(256);
  },
];

function read(bytes: Uint8Array, readCommitted: boolean): RecordSet {
  return readRecordSet({
    topic: "t",
    partition: 0,
    fetchOffset: 0,
    bytes,
    from: 0,
    to: bytes.length,
    endOffset: 10,
    startOffset: 0,
    ...(readCommitted ? { abortedTransactions: [{ producerId: PRODUCER, firstOffset: 0 }] } : {}),
    maxBatchBytes: MOST_BYTES,
    maxDecompressedBytes: MOST_BYTES,
    onUnreadable: () => {},
  });
}

/** What the engine relies on in a set. */
function check(set: RecordSet, input: Uint8Array): void {
  assert(Number.isSafeInteger(set.nextOffset) && set.nextOffset >= 0, `next offset ${set.nextOffset}`);
  assert(set.bytes.length <= input.length + 2 * MOST_BYTES, `${set.bytes.length} bytes of ${input.length}`);
  for (let i = 0; i < set.count; i++) {
    assert(set.offsets[i]! >= 0 && set.offsets[i]! < set.nextOffset, `offset ${set.offsets[i]}`);
    assert(!Number.isNaN(set.timestamps[i]!));
    for (const part of [set.key(i), set.value(i)]) assert(part === null || part.length <= set.bytes.length);
    for (const { key } of set.headers(i)) assertEquals(typeof key, "string");
  }
}

/** Where the batches of an input begin, as far as their lengths say so. */
function batchesOf(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; bytes.length - at >= RECORDS;) {
    starts.push(at);
    const length = readInt32(bytes, at + LENGTH);
    if (length < RECORDS - LENGTH_END || at + LENGTH_END + length > bytes.length) break;
    at += LENGTH_END + length;
  }
  return starts;
}

/** The input with the last batch's length up to its end, and right checksums. */
function sealed(input: Uint8Array): Uint8Array {
  const bytes = input.slice();
  const starts = batchesOf(bytes);
  for (const [i, at] of starts.entries()) {
    const end = starts[i + 1] ?? bytes.length;
    writeInt32(bytes, at + LENGTH, end - at - LENGTH_END);
    writeInt32(bytes, at + CRC, crc32c(bytes, at + ATTRIBUTES, end));
  }
  return bytes;
}

interface BatchSettings {
  readonly base?: number;
  readonly gzip?: boolean;
  readonly headers?: readonly RecordHeader[];
}

function batch({ base = 0, gzip = false, headers = [] }: BatchSettings = {}): Uint8Array {
  const writer = new BatchWriter();
  for (let i = 0; i < 3; i++) {
    const key = i === 1 ? null : whole(encoder.encode(`key ${i}`));
    const value = i === 2 ? null : whole(encoder.encode("value ".repeat(30 * i + 1)));
    writer.append(1_700_000_000_000 + 100 * i, key, value, headers);
  }
  const bytes = writer.finish(gzip ? { compression: "gzip" } : {}).slice();
  writeInt64(bytes, 0, base);
  return bytes;
}

/** A batch with other bytes for its records, compressed so. */
function repacked(batch: Uint8Array, compression: number, records: Uint8Array): Uint8Array {
  const bytes = joined(batch.subarray(0, RECORDS), records);
  writeInt16(bytes, ATTRIBUTES, compression);
  return sealed(bytes);
}

function transactional(batch: Uint8Array, attributes: number): Uint8Array {
  const bytes = batch.slice();
  writeInt16(bytes, ATTRIBUTES, attributes);
  writeInt64(bytes, PRODUCER_ID, PRODUCER);
  return sealed(bytes);
}

/** The end of a transaction: 0 aborts, 1 commits. */
function marker(base: number, type: number): Uint8Array {
  const writer = new BatchWriter();
  writer.append(0, whole(Uint8Array.of(0, 0, 0, type)), whole(new Uint8Array(6)));
  const bytes = transactional(writer.finish(), TRANSACTIONAL | CONTROL);
  writeInt64(bytes, 0, base);
  return bytes;
}

/** Raw snappy: a length, and one literal whose length is in the two bytes behind its tag. */
function snappy(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const last = length - 1;
  return joined(
    Uint8Array.of((length & 0x7f) | 0x80, length >> 7, 61 << 2, last & 0xff, last >> 8),
    bytes,
  );
}

/** Snappy as Java clients write it, in one chunk. */
function snappyJava(bytes: Uint8Array): Uint8Array {
  const chunk = snappy(bytes);
  const head = new Uint8Array(20);
  head.set([0x82, ...encoder.encode("SNAPPY"), 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  writeInt32(head, 16, chunk.length);
  return joined(head, chunk);
}

/** One LZ4 frame: a block of literals with a repetition at its end, and a stored block. */
function lz4(bytes: Uint8Array): Uint8Array {
  const half = bytes.length >> 1;
  const stored = bytes.subarray(half);
  const lengths = lz4Length(half);
  const block = joined(Uint8Array.of(0xf0, ...lengths), bytes.subarray(0, half));
  return joined(
    Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82),
    littleEnd(block.length),
    block,
    littleEnd(stored.length + 0x8000_0000),
    stored,
    new Uint8Array(4),
  );
}

function lz4Length(length: number): number[] {
  const more: number[] = [];
  for (length -= 15; length >= 255; length -= 255) more.push(255);
  return [...more, length];
}

function littleEnd(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
