import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { listSerde } from "../../src/serde/list.ts";
import { booleanSerde, int16Serde, int64Serde, stringSerde, uuidSerde } from "../../src/serde/primitives.ts";
import { bindSerde, DeserializationError, type Serde } from "../../src/serde/serde.ts";
import { decode, encode, hex, unhex } from "./avro/support.ts";

Deno.test("a list of items of constant size has the indexes of its nulls first", () => {
  for (
    const [value, bytes] of [
      [[], "00 00000000 00000000"],
      [[1, -2], "00 00000000 00000002 0001 fffe"],
      [[null, 1, null], "00 00000002 00000000 00000002 00000003 0001"],
    ] as const
  ) {
    assertEquals(hex(encode(listSerde(int16Serde()), [...value])), bytes.replaceAll(" ", ""));
    assertEquals(decode(listSerde(int16Serde()), unhex(bytes)), [...value]);
  }
});

Deno.test("a list of other items has each one's size before it, and -1 for null", () => {
  assertEquals(
    hex(encode(listSerde(stringSerde()), ["kos", null, ""])),
    "01 00000003 00000003 6b6f73 ffffffff 00000000".replaceAll(" ", ""),
  );
  assertEquals(hex(encode(listSerde(booleanSerde()), [true])), "01000000010000000101");
});

Deno.test("lists round-trip, also within each other and in a buffer that grows", () => {
  const longs = [0, null, Number.MAX_SAFE_INTEGER, ...Array.from({ length: 500 }, (_, i) => i)];
  assertEquals(decode(listSerde(int64Serde()), encode(listSerde(int64Serde()), longs)), longs);
  const nested = listSerde(listSerde(stringSerde()));
  const texts = [["a", "b".repeat(5_000)], null, [], [null]];
  assertEquals(decode(nested, encode(nested, texts)), texts);
  const ids = listSerde(uuidSerde());
  assertEquals(decode(ids, encode(ids, ["0f8fad5b-d9cb-469f-a165-70867728950e"])).length, 1);
});

Deno.test("a list that can't be true does not decode", () => {
  const shorts = listSerde(int16Serde());
  const texts = listSerde(stringSerde());
  for (
    const [serde, bytes, message] of [
      [shorts, "", "received no bytes"],
      [shorts, "02", "received 2 as the first byte; expected is 0 or 1"],
      [shorts, "00 7fffffff", "it says that it has 2147483647 items, 0 bytes are left"],
      [shorts, "00 00000000 00000002 0001", "it says that it has 2 items, 2 bytes are left"],
      [shorts, "00 00000000 ffffffff", "it says that it has -1 items"],
      [shorts, "00 00000001 00000009 00000002 0001", "an item of 2 bytes is announced, 0 bytes are left"],
      [shorts, "00 00000000 00000000 00", "received 1 bytes more than the list has"],
      [texts, "00 00000000 00000000", "received a list of items of constant size"],
      [texts, "01 00000001 00000005 61", "an item of 5 bytes is announced, 1 bytes are left"],
      [texts, "01 00000001 fffffffe", "an item of -2 bytes is announced"],
      [texts, "01 0000", "a number needs 4 bytes, 2 are left"],
    ] as unknown as [Serde<unknown>, string, string][]
  ) {
    assertThrows(() => decode(serde, unhex(bytes)), DeserializationError, `Cannot decode a list: ${message}`);
  }
});

Deno.test("a list is bound to a topic as its items are", async () => {
  assertEquals(listSerde(stringSerde()).forTopic, undefined);
  const items: Serde<string> = {
    ...stringSerde(),
    forTopic: () => Promise.resolve(bound),
  };
  const bound: Serde<string> = { ...stringSerde() };
  const list = listSerde(items);
  const one = await bindSerde(list, "a", "value");
  assertNotStrictEquals(one, list);
  assertStrictEquals(await bindSerde(list, "b", "value"), one, "one serde of items, one of lists");
});
