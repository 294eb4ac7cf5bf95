import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import fetchRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import produceResponse from "kafkajs/src/protocol/requests/produce/v7/response.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import kafkajsRequest from "kafkajs/src/protocol/request.js";
import { ByteReader, ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { decodeFetch, encodeFetch } from "../../../../src/kafka/wire/protocol/fetch.ts";
import { decodeOffsetFetch, encodeOffsetFetch } from "../../../../src/kafka/wire/protocol/offset_fetch.ts";
import { decodeProduce, encodeProduce, produceBytes } from "../../../../src/kafka/wire/protocol/produce.ts";
import {
  copiedFrame,
  frameInPlace,
  mostHeaderBytes,
} from "../../../../src/kafka/wire/protocol/request_frame.ts";
import {
  decodeInitProducerId,
  decodeTxnOffsetCommit,
  encodeInitProducerId,
  encodeTxnOffsetCommit,
} from "../../../../src/kafka/wire/protocol/transactions.ts";
import { RequestBuffers } from "../../../../src/kafka/client/request_buffers.ts";

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
    sessionId: 77,
    sessionEpoch: 5,
    partitions: [
      { topic: "a", partition: 1, offset: 5_000_000_000 },
      { topic: "a", partition: 2, offset: 0 },
      { topic: "b", partition: 0, offset: 7 },
    ],
    forgotten: [
      { topic: "b", partition: 3 },
      { topic: "c", partition: 1 },
      { topic: "c", partition: 4 },
    ],
  });
  const part = (partition: number, fetchOffset: string) => ({ partition, fetchOffset, maxBytes: 262_144 });
  const theirs = await fetchRequest({
    replicaId: -1,
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: 4_194_304,
    isolationLevel: 1,
    sessionId: 77,
    sessionEpoch: 5,
    topics: [
      { topic: "a", partitions: [part(1, "5000000000"), part(2, "0")] },
      { topic: "b", partitions: [part(0, "7")] },
    ],
    forgottenTopics: [{ topic: "b", partitions: [3] }, { topic: "c", partitions: [1, 4] }],
  }).encode();
  assertEquals([...ours], [...theirs.buffer]);
});

Deno.test("protocol: a fetch answer keeps records, ends and aborted transactions", () => {
  const out = new ByteWriter();
  out.int32(3);
  out.int16(0);
  out.int32(42);
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
    sessionId: 42,
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

Deno.test("protocol: a produce request in a given buffer leaves what is before it, and outgrows it if it must", () => {
  const batches = [{ topic: "ä".repeat(9), partition: 1, batch: new Uint8Array(99).fill(7) }];
  const expected = [...encodeProduce(batches, 1, "ü")];
  const enough = 5 + produceBytes(batches, "ü");
  for (const size of [enough, 50]) {
    // A view that does not begin where its buffer does.
    const into = new Uint8Array(size + 3).subarray(3).fill(9);
    const bytes = encodeProduce(batches, 1, "ü", new ByteWriter(into, 5));
    assertEquals([...bytes], [9, 9, 9, 9, 9, ...expected]);
    assertEquals(bytes.buffer === into.buffer, size === enough);
  }
});

Deno.test("protocol: a request's frame is kafkajs's, copied or in place", async () => {
  const body = Uint8Array.from({ length: 20 }, (_, i) => i);
  const theirs = await kafkajsRequest({
    correlationId: 77,
    clientId: "kös",
    request: { apiKey: 0, apiVersion: 7, encode: () => new Encoder().writeBuffer(Buffer.from(body)) },
  });
  const clientId = new TextEncoder().encode("kös");
  const header = { apiKey: 0, apiVersion: 7, correlationId: 77, clientId, flexible: false };
  assertEquals([...copiedFrame(header, body)], [...theirs.buffer]);
  const bodyAt = mostHeaderBytes(clientId);
  const roomy = new Uint8Array(bodyAt + body.length + 3).subarray(3);
  roomy.set(body, bodyAt);
  assertEquals([...frameInPlace(header, roomy, bodyAt)], [...theirs.buffer]);
  // Version 2 of the header has one byte more: no tagged fields.
  const flexible = { ...header, flexible: true };
  const expected = [...copiedFrame(flexible, body)];
  const { length } = theirs.buffer;
  assertEquals(expected, [...int32(length - 3), ...theirs.buffer.subarray(4, 18), 0, ...body]);
  assertEquals([...frameInPlace(flexible, roomy, bodyAt)], expected);
});

Deno.test("protocol: request buffers are used again, and only so many are kept", () => {
  const buffers = new RequestBuffers();
  const large = buffers.take(1_000_000);
  assert(large.length >= 1_000_000);
  const other = buffers.take(1_000_000);
  assert(other !== large, "it is lent twice");
  buffers.giveBack(large);
  assert(buffers.take(1_000_001) === large, "a slightly larger request needs no other buffer");
  const small = Array.from({ length: 12 }, () => buffers.take(10));
  for (const buffer of small) buffers.giveBack(buffer);
  // None of those kept is large enough: one makes way.
  const needed = buffers.take(2_000_000);
  buffers.giveBack(needed);
  assert(buffers.take(2_000_000) === needed);
  const huge = buffers.take(9_000_000);
  buffers.giveBack(huge);
  assert(buffers.take(9_000_000) !== huge, "a huge buffer was kept");
  const many = Array.from({ length: 8 }, () => buffers.take(3_000_000));
  for (const buffer of many) buffers.giveBack(buffer);
  assert(buffers.bytes <= 8 * 1024 * 1024, `${buffers.bytes} bytes are kept`);
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

/** Bytes of numbers and texts, written by hand from the protocol's description. */
function raw(...parts: (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]),
  );
}

const int16 = (value: number) => [value >> 8 & 255, value & 255];
const int32 = (value: number) => [...int16(value >> 16), ...int16(value)];
const int64 = (value: number) => [...int32(Math.floor(value / 2 ** 32)), ...int32(value | 0)];

Deno.test("protocol: unsigned varints of every size come back, and endless ones are refused", () => {
  const values = [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1, 2 ** 31 - 1];
  const out = new ByteWriter(1);
  for (const value of values) out.unsignedVarint(value);
  const input = new ByteReader(out.done());
  for (const value of values) assertEquals(input.unsignedVarint(), value);
  const two = new ByteWriter();
  two.unsignedVarint(300);
  assertEquals([...two.done()], [0xac, 0x02]);
  assertThrows(() => new ByteReader(new Uint8Array(9).fill(255)).unsignedVarint(), RangeError, "5 bytes");
});

Deno.test("protocol: InitProducerId 3, byte for byte", () => {
  assertEquals(
    encodeInitProducerId("tx", 10_000, { id: 5_000_000_000, epoch: 7 }),
    raw(3, "tx", ...int32(10_000), ...int64(5_000_000_000), ...int16(7), 0),
  );
  assertEquals(
    encodeInitProducerId("tx", 1, { id: -1, epoch: -1 }),
    raw(3, "tx", ...int32(1), ...Array(10).fill(255), 0),
  );
  // One tagged field that nobody here knows, in the header.
  const answer = raw(1, 9, 2, 1, 2, ...int32(4), ...int16(90), ...int64(5_000_000_000), ...int16(8), 0);
  assertEquals(decodeInitProducerId(answer), { throttleMs: 4, errorCode: 90, id: 5_000_000_000, epoch: 8 });
  for (let length = 0; length < answer.length - 1; length++) {
    assertThrows(() => decodeInitProducerId(answer.subarray(0, length)), RangeError);
  }
});

Deno.test("protocol: TxnOffsetCommit 3, byte for byte", () => {
  const offset = (partition: number, offset: number) => [
    ...int32(partition),
    ...int64(offset),
    ...int32(-1),
    1,
    0,
  ];
  assertEquals(
    encodeTxnOffsetCommit("tx", { id: 12, epoch: 3 }, {
      groupId: "grp",
      memberId: "m-1",
      generation: 42,
      offsets: [
        { topic: "a", partition: 1, offset: 5_000_000_000 },
        { topic: "b", partition: 0, offset: 7 },
        { topic: "a", partition: 2, offset: 0 },
      ],
    }),
    raw(
      ...[3, "tx", 4, "grp", ...int64(12), ...int16(3), ...int32(42), 4, "m-1", 0],
      ...[3, 2, "a", 3, ...offset(1, 5_000_000_000), ...offset(2, 0), 0],
      ...[2, "b", 2, ...offset(0, 7), 0, 0],
    ),
  );
  const answer = raw(
    ...[0, ...int32(2), 3, 2, "a", 3, ...int32(1), ...int16(0), 0, ...int32(2), ...int16(22), 0, 0],
    ...[2, "b", 2, ...int32(0), ...int16(27), 0, 0, 0],
  );
  assertEquals(decodeTxnOffsetCommit(answer), {
    throttleMs: 2,
    partitions: [
      { topic: "a", partition: 1, errorCode: 0 },
      { topic: "a", partition: 2, errorCode: 22 },
      { topic: "b", partition: 0, errorCode: 27 },
    ],
  });
});

Deno.test("protocol: OffsetFetch 7, byte for byte", () => {
  assertEquals(
    encodeOffsetFetch("grp", [{ topic: "a", partition: 1 }, { topic: "a", partition: 258 }]),
    raw(4, "grp", 2, 2, "a", 3, ...int32(1), ...int32(258), 0, 1, 0),
  );
  const answer = raw(
    ...[0, ...int32(0), 2, 2, "a", 3],
    ...[...int32(1), ...int64(9), ...int32(-1), 1, ...int16(0), 0],
    ...[...int32(2), ...int64(-1), ...int32(-1), 0, ...int16(88), 0],
    ...[0, ...int16(15), 0],
  );
  assertEquals(decodeOffsetFetch(answer), {
    errorCode: 15,
    offsets: [
      { topic: "a", partition: 1, offset: 9, errorCode: 0 },
      { topic: "a", partition: 2, offset: -1, errorCode: 88 },
    ],
  });
});
