import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { murmur2, partitionFor } from "../../../src/kafka/port/murmur2.ts";
import { withSeed } from "../wire/record_batch/record_batch_support.ts";

const utf8 = new TextEncoder();

const ascii = (text: string): Uint8Array => utf8.encode(text);

Deno.test("murmur2 of the vectors in Kafka's UtilsTest", () => {
  const vectors: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of vectors) {
    const bytes = ascii(`--${text}--`);
    assertEquals(murmur2(bytes, 2, 2 + text.length), hash, text);
    assertEquals(partitionFor(bytes, 2, 2 + text.length, 7), (hash & 0x7fffffff) % 7);
  }
});

Deno.test("murmur2 is kafkajs's for any key", () =>
  withSeed((random) => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, () => random() * 256);
      assertEquals(murmur2(bytes, 0, length), kafkajsMurmur2(Buffer.from(bytes)));
      const partition = partitionFor(bytes, 0, length, 12);
      assert(partition >= 0 && partition < 12 && Number.isInteger(partition));
    }
  }));
