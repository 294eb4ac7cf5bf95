import { assertEquals } from "@std/assert";
import { ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { decodeTopicIds, encodeMetadata } from "../../../../src/kafka/wire/protocol/metadata.ts";

Deno.test("Metadata 12 asks for topics by their names", () => {
  const request = encodeMetadata(["t"]);
  assertEquals([...request], [2, ...new Array(16).fill(0), 2, 0x74, 0, 0, 0, 0]);
});

Deno.test("topics without an id, or not there, are told none", () => {
  const out = new ByteWriter();
  out.noTags();
  out.int32(0);
  out.compactArray([0], () => {
    out.int32(1);
    out.compactString("localhost");
    out.int32(9092);
    out.compactString(null);
    out.noTags();
  });
  out.compactString("cluster");
  out.int32(1);
  const topic = (errorCode: number, name: string, word: number): void => {
    out.int16(errorCode);
    out.compactString(name);
    for (let i = 0; i < 4; i++) out.int32(word);
    out.int8(0);
    out.compactArray([0], () => {
      out.int16(0);
      for (let i = 0; i < 3; i++) out.int32(0);
      for (let i = 0; i < 3; i++) out.compactArray([1], (node) => out.int32(node));
      out.noTags();
    });
    out.int32(-2147483648);
    out.noTags();
  };
  out.compactArray(
    [0, 1, 2],
    (i) => [() => topic(0, "a", -1), () => topic(3, "b", 7), () => topic(0, "c", 0)][i]!(),
  );
  out.noTags();
  assertEquals(decodeTopicIds(out.done()), new Map([["a", "f".repeat(32)]]));
});
