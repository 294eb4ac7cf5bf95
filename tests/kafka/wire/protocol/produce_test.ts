import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import produceResponse from "kafkajs/src/protocol/requests/produce/v7/response.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { decodeProduce, encodeProduce, produceBytes } from "../../../../src/kafka/wire/protocol/produce.ts";

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
