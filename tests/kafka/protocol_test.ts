import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import fetchRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import produceResponse from "kafkajs/src/protocol/requests/produce/v7/response.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { ByteReader, ByteWriter } from "../../src/kafka/protocol/bytes.ts";
import { decodeFetch, encodeFetch } from "../../src/kafka/protocol/fetch.ts";
import { decodeProduce, encodeProduce } from "../../src/kafka/protocol/produce.ts";

Deno.test("protocol: 64-bit integers keep every bit that a number has", () => {
  const values = [0, 1, -1, -2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1)];
  const out = new ByteWriter(1);
  for (const value of values) out.int64(value);
  const view = new DataView(out.done().slice().buffer);
  const input = new ByteReader(out.done());
  for (const [i, value] of values.entries()) {
    assertEquals(view.getBigInt64(i * 8), BigInt(value));
    assertEquals(input.int64(), value);
  }
});

Deno.test("protocol: a fetch request is the same as kafkajs's", async () => {
  const ours = encodeFetch({
    maxWaitMs: 100,
    maxBytes: 4_194_304,
    partitionBytes: 262_144,
    readCommitted: true,
    partitions: [
      { topic: "a", partition: 1, offset: 5_000_000_000 },
      { topic: "a", partition: 2, offset: 0 },
      { topic: "b", partition: 0, offset: 7 },
    ],
  });
  const part = (partition: number, fetchOffset: string) => ({ partition, fetchOffset, maxBytes: 262_144 });
  const theirs = await fetchRequest({
    replicaId: -1,
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: 4_194_304,
    isolationLevel: 1,
    topics: [
      { topic: "a", partitions: [part(1, "5000000000"), part(2, "0")] },
      { topic: "b", partitions: [part(0, "7")] },
    ],
  }).encode();
  assertEquals([...ours], [...theirs.buffer]);
});

Deno.test("protocol: a fetch answer keeps records, ends and aborted transactions", () => {
  const out = new ByteWriter();
  out.int32(3);
  out.int16(0);
  out.int32(0);
  out.int32(1);
  out.string("t");
  out.int32(2);
  for (const [partition, records] of [[4, new Uint8Array([1, 2, 3])], [5, new Uint8Array(0)]] as const) {
    out.int32(partition);
    out.int16(partition === 5 ? 6 : 0);
    for (const offset of [100, 90, 10]) out.int64(offset);
    if (partition === 5) out.int32(-1);
    else {
      out.int32(1);
      out.int64(12);
      out.int64(50);
    }
    out.int32(-1);
    out.bytes(records);
  }
  const common = { topic: "t", highWatermark: 100, lastStableOffset: 90, startOffset: 10 };
  assertEquals(decodeFetch(out.done()), {
    throttleMs: 3,
    errorCode: 0,
    partitions: [
      {
        ...common,
        partition: 4,
        errorCode: 0,
        aborted: [{ producerId: 12, firstOffset: 50 }],
        records: new Uint8Array([1, 2, 3]),
      },
      { ...common, partition: 5, errorCode: 6, aborted: [], records: new Uint8Array(0) },
    ],
  });
  for (let length = 0; length < out.done().length; length++) {
    assertThrows(() => decodeFetch(out.done().subarray(0, length)), RangeError);
  }
});

Deno.test("protocol: a produce request groups batches by topic", () => {
  const batch = (n: number) => new Uint8Array([n, n]);
  const bytes = encodeProduce([
    { topic: "a", partition: 1, batch: batch(1) },
    { topic: "b", partition: 0, batch: batch(2) },
    { topic: "a", partition: 3, batch: batch(3) },
  ], 20_000);
  const expected = new Encoder().writeString(null).writeInt16(-1).writeInt32(20_000).writeInt32(2);
  expected.writeString("a").writeInt32(2);
  expected.writeInt32(1).writeBytes(Buffer.from(batch(1))).writeInt32(3).writeBytes(Buffer.from(batch(3)));
  expected.writeString("b").writeInt32(1).writeInt32(0).writeBytes(Buffer.from(batch(2)));
  assertEquals([...bytes], [...expected.buffer]);
});

Deno.test("protocol: a produce answer is read as kafkajs reads it", async () => {
  const answer = new Encoder().writeInt32(1).writeString("t").writeInt32(2);
  for (const [partition, code, offset] of [[0, 0, "41"], [1, 6, "-1"]] as const) {
    answer.writeInt32(partition).writeInt16(code).writeInt64(offset).writeInt64("-1").writeInt64("0");
  }
  answer.writeInt32(9);
  assertEquals(decodeProduce(answer.buffer), {
    partitions: [
      { topic: "t", partition: 0, errorCode: 0, baseOffset: 41 },
      { topic: "t", partition: 1, errorCode: 6, baseOffset: -1 },
    ],
    throttleMs: 9,
  });
  const theirs = await produceResponse.decode(answer.buffer);
  assertEquals(theirs.topics[0].partitions.map(({ baseOffset }: { baseOffset: string }) => baseOffset), [
    "41",
    "-1",
  ]);
});
