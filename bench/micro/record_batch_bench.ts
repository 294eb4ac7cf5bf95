/** Record batches and their parts beside kafkajs's own. */
import { Buffer } from "node:buffer";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import KafkajsDecoder from "kafkajs/src/protocol/decoder.js";
import KafkajsEncoder from "kafkajs/src/protocol/encoder.js";
import kafkajsCrc32c from "kafkajs/src/protocol/recordBatch/crc32C/index.js";
import kafkajsRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import kafkajsDecodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import kafkajsBatches from "kafkajs/src/protocol/recordBatch/v0/index.js";
import { crc32c } from "../../src/kafka/wire/record_batch/crc32c.ts";
import { ReusedRange } from "../../src/kafka/port/bytes_range.ts";
import { murmur2 } from "../../src/kafka/port/murmur2.ts";
import { readRecordSet } from "../../src/kafka/wire/record_batch/reader.ts";
import { readVarint, varintEnd, writeVarint } from "../../src/kafka/wire/record_batch/varint.ts";
import { BatchWriter } from "../../src/kafka/wire/record_batch/writer.ts";
import { bench, Sink } from "./measure.ts";
import { BEGIN_MS, COUNT as count, encodedBodies, encodedHeaders } from "./inputs.ts";

const records = "records";
const { bytes: keys, ends: keyEnds } = encodedHeaders;
const { bytes: values, ends: valueEnds } = encodedBodies;

const writer = new BatchWriter();
const keyRange = new ReusedRange();
const valueRange = new ReusedRange();
function writeAll(): void {
  writer.reset();
  let key = 0;
  let value = 0;
  for (let i = 0; i < count; i++) {
    keyRange.set(keys, key, key = keyEnds[i]!);
    valueRange.set(values, value, value = valueEnds[i]!);
    writer.append(BEGIN_MS + i, keyRange, valueRange);
  }
}

let group = "write a batch";
bench({
  group,
  what: "batch: append the records and finish",
  count,
  items: records,
  run() {
    writeAll();
    writer.finish();
  },
});
bench({ group, what: "batch: append the records", count, items: records, run: writeAll });

const range = (bytes: Uint8Array, ends: readonly number[], i: number): Buffer =>
  Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]!));
const messages = Array.from({ length: count }, (_, i) => ({
  offsetDelta: i,
  timestampDelta: i,
  key: range(keys, keyEnds, i),
  value: range(values, valueEnds, i),
  headers: {},
}));
bench({
  group,
  what: "batch: append the records and finish",
  count,
  items: records,
  by: "kafkajs",
  async run() {
    await kafkajsBatches.RecordBatch({
      compression: 0,
      firstTimestamp: BEGIN_MS,
      maxTimestamp: BEGIN_MS + count - 1,
      lastOffsetDelta: count - 1,
      records: messages.map(kafkajsRecord),
    });
  },
});

writeAll();
const batch = writer.finish().slice();
const fetched = { topic: "T", partition: 0, fetchOffset: 0, startOffset: 0, endOffset: count };
const sets = new Sink<unknown>();
group = "read a batch";
bench({
  group,
  what: "batch: read, checksum verified",
  count,
  items: records,
  run() {
    sets.take(readRecordSet({ ...fetched, bytes: batch, from: 0, to: batch.length }));
  },
});
const buffer = Buffer.from(batch);
bench({
  group,
  what: "batch: read, checksum not verified,",
  count,
  items: records,
  by: "kafkajs",
  async run() {
    sets.take(await kafkajsDecodeBatch(new KafkajsDecoder(buffer)));
  },
});

const KIB = 1024;
const mebibyte = Uint8Array.from({ length: KIB * KIB }, (_, i) => batch[i % batch.length]!);
let sum = 0;
group = "checksum of a MiB";
bench({
  group,
  what: "CRC-32C of 1 MiB",
  count: KIB,
  items: "KiB",
  run() {
    sum += crc32c(mebibyte, 0, mebibyte.length);
  },
});
const mebibyteBuffer = Buffer.from(mebibyte.buffer);
bench({
  group,
  what: "CRC-32C of 1 MiB",
  count: KIB,
  items: "KiB",
  by: "kafkajs",
  run() {
    sum += kafkajsCrc32c(mebibyteBuffer);
  },
});

group = "murmur2 of a key";
bench({
  group,
  what: "murmur2 of a key",
  count,
  items: "keys",
  run() {
    let from = 0;
    for (let i = 0; i < count; i++) sum += murmur2(keys, from, from = keyEnds[i]!);
  },
});
const keyBuffers = messages.map(({ key }) => key);
bench({
  group,
  what: "murmur2 of a key",
  count,
  items: "keys",
  by: "kafkajs",
  run() {
    for (let i = 0; i < count; i++) sum += kafkajsMurmur2(keyBuffers[i]!);
  },
});

// As in a batch: lengths and deltas, of one byte and of two, a few of more.
const numbers = Array.from({ length: count }, (_, i) => i % 100 === 99 ? i * 1000 : i % 3 === 0 ? i : i % 50);
const room = new Uint8Array(count * 5);
const writeNumbers = (): number => {
  let at = 0;
  for (let i = 0; i < count; i++) at = writeVarint(room, at, numbers[i]!);
  return at;
};
const end = writeNumbers();
group = "write varints";
bench({
  group,
  what: "varints: write",
  count,
  items: "numbers",
  run() {
    sum += writeNumbers();
  },
});
bench({
  group,
  what: "varints: write",
  count,
  items: "numbers",
  by: "kafkajs",
  run() {
    const encoder = new KafkajsEncoder(room.length);
    for (let i = 0; i < count; i++) encoder.writeVarInt(numbers[i]!);
    sum += encoder.size();
  },
});
const varints = room.slice(0, end);
group = "read varints";
bench({
  group,
  what: "varints: read",
  count,
  items: "numbers",
  run() {
    for (let at = 0; at < end; at = varintEnd) sum += readVarint(varints, at, end);
  },
});
const varintBuffer = Buffer.from(varints);
bench({
  group,
  what: "varints: read",
  count,
  items: "numbers",
  by: "kafkajs",
  run() {
    const decoder = new KafkajsDecoder(varintBuffer);
    for (let i = 0; i < count; i++) sum += decoder.readVarInt();
  },
});
