/** Random record batches against kafkajs's encoder and decoder, in both directions, and damaged ones. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Buffer } from "node:buffer";
import KafkajsDecoder from "kafkajs/src/protocol/decoder.js";
import kafkajsRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import kafkajsDecodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import kafkajsBatches from "kafkajs/src/protocol/recordBatch/v0/index.js";
import { crc32c } from "../../../../src/kafka/wire/record_batch/crc32c.ts";
import { CorruptRecordError, UnsupportedBatchError } from "../../../../src/kafka/wire/record_batch/errors.ts";
import { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import { groupHeaders, type KafkajsHeaders, plainHeaders, withoutNullHeaders } from "./kafkajs_headers.ts";
import {
  appendAll,
  type PlainRecord,
  randomRecords,
  read,
  recordsOf,
  seeded,
  withSeed,
} from "./record_batch_support.ts";

const PRODUCER = 4294967301;

/** A batch that kafkajs writes. Compression 0 is none, 1 gzip. */
async function writtenByKafkajs(records: readonly PlainRecord[], compression: 0 | 1): Promise<Uint8Array> {
  const firstTimestamp = records[0]!.timestamp;
  const batch = await kafkajsBatches.RecordBatch({
    compression,
    firstTimestamp,
    maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
    lastOffsetDelta: records.length - 1,
    records: records.map(({ offset, timestamp, key, value, headers }) =>
      kafkajsRecord({
        offsetDelta: offset,
        timestampDelta: timestamp - firstTimestamp,
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        headers: groupHeaders(headers),
      })
    ),
  });
  return batch.buffer;
}

/** A record as kafkajs decodes it. */
interface KafkajsRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: KafkajsHeaders;
}

Deno.test("kafkajs reads what we write: any records, headers too, uncompressed and by gzip", () =>
  withSeed(async (random) => {
    const writer = new BatchWriter(0);
    for (let round = 0; round < 20; round++) {
      const records = randomRecords(random, 1 + Math.floor(random() * 50));
      writer.reset();
      appendAll(writer, records);
      for (const compression of ["none", "gzip"] as const) {
        const [producerEpoch, baseSequence] = [Math.floor(random() * 32_768), Math.floor(random() * 2 ** 31)];
        const transactional = random() < 0.5;
        const batch = writer.finish({
          compression,
          producerId: PRODUCER,
          producerEpoch,
          baseSequence,
          transactional,
        });
        const decoded = await kafkajsDecodeBatch(new KafkajsDecoder(Buffer.from(batch)));
        assertEquals(
          [decoded.producerId, decoded.inTransaction, decoded.producerEpoch, decoded.firstSequence],
          [String(PRODUCER), transactional, producerEpoch, baseSequence],
        );
        const plain = decoded.records.map((record: KafkajsRecord) => ({
          offset: Number(record.offset),
          timestamp: Number(record.timestamp),
          key: record.key && new Uint8Array(record.key),
          value: record.value && new Uint8Array(record.value),
          headers: plainHeaders(record.headers),
        }));
        assertEquals(
          plain,
          records.map((record) => ({ ...record, headers: plainHeaders(groupHeaders(record.headers)) })),
        );
      }
    }
  }));

Deno.test("we read what kafkajs writes: any records, headers too, uncompressed and by gzip", () =>
  withSeed(async (random) => {
    for (let round = 0; round < 20; round++) {
      const records = withoutNullHeaders(randomRecords(random, 1 + Math.floor(random() * 50)));
      for (const compression of [0, 1] as const) {
        assertEquals(recordsOf(read(await writtenByKafkajs(records, compression))), records);
      }
    }
  }));

Deno.test("what either writes, damaged or cut, is the named error or a set within the bytes that there are", async () => {
  const writer = new BatchWriter();
  const records = withoutNullHeaders(randomRecords(seeded(3), 12));
  appendAll(writer, records);
  const whole = [
    await writtenByKafkajs(records, 0),
    await writtenByKafkajs(records, 1),
    writer.finish().slice(),
    writer.finish({ compression: "gzip" }),
  ];
  const maxBatchBytes = 1_000_000;
  await withSeed((random) => {
    for (let round = 0; round < 2000; round++) {
      const batch = Uint8Array.from(whole[round % whole.length]!);
      for (let left = 1 + random() * 3; left >= 1; left--) {
        batch[Math.floor(random() * batch.length)] = random() * 256;
      }
      const view = new DataView(batch.buffer);
      // Most with a right checksum and length, or nothing behind these would be reached.
      if (random() < 0.9) {
        batch[16] = 2;
        view.setInt32(8, batch.length - 12);
        view.setUint32(17, crc32c(batch, 21, batch.length));
      }
      const to = random() < 0.8 ? batch.length : 1 + Math.floor(random() * batch.length);
      try {
        const set = read(batch, { to, maxBatchBytes });
        assert(set.count * 7 <= maxBatchBytes && set.bytes.length <= Math.max(maxBatchBytes, batch.length));
        for (const { timestamp, key, value } of recordsOf(set)) {
          assert(Number.isFinite(timestamp) && (key?.length ?? 0) + (value?.length ?? 0) <= set.bytes.length);
        }
      } catch (error) {
        if (!(error instanceof UnsupportedBatchError)) assertInstanceOf(error, CorruptRecordError);
      }
    }
  });
});
