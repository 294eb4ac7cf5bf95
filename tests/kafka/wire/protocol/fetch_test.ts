import { assertEquals, assertThrows } from "@std/assert";
import fetchRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import { ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { decodeFetch, encodeFetch } from "../../../../src/kafka/wire/protocol/fetch.ts";

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
