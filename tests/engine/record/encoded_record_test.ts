import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Serde, stringSerde } from "../../../src/serde/mod.ts";
import { murmur2 } from "../../../src/kafka/port/murmur2.ts";
import { EncodedRecord } from "../../../src/engine/record/encoded_record.ts";
import { MAX_KEY_BYTES } from "../../../src/engine/record/key_bytes.ts";
import type { BytesRange } from "../../../src/kafka/port/bytes_range.ts";

const text = stringSerde();

/** A serde of `{ text }` that counts how often it encodes. */
class CountingSerde implements Serde<{ text: string }> {
  encoded = 0;

  encode(value: { text: string }, into: Uint8Array, at: number): number {
    const end = text.encode(value.text, into, at);
    // A negative end asks for a larger buffer: that is no second encoding.
    if (end >= 0) this.encoded++;
    return end;
  }

  decode(bytes: Uint8Array, from: number, to: number): { text: string } {
    return { text: text.decode(bytes, from, to) };
  }
}

function textOf({ bytes, from, to }: BytesRange): string {
  return text.decode(bytes, from, to);
}

Deno.test("a key is encoded once as long as the same object comes again", () => {
  const record = new EncodedRecord();
  const serde = new CountingSerde();
  const key = { text: "k" };
  assertEquals(textOf(record.encodeKey(serde, key)), "k");
  const { bytes, from, to, hash } = record.encodeKey(serde, key);
  assertEquals([serde.encoded, hash], [1, murmur2(bytes, from, to)]);
  record.encodeKey(serde, { text: "k" });
  assertEquals(serde.encoded, 2);
});

Deno.test("an equal primitive is the same key", () => {
  const record = new EncodedRecord();
  const bytes = new TextEncoder().encode("ab");
  record.knowKey(text, "ab", { bytes, from: 0, to: 2, hash: 17 });
  assertEquals(record.encodeKey(text, ["a", "b"].join("")).hash, 17);
  assertNotEquals(record.encodeKey(text, "c").hash, 17);
});

Deno.test("another serde encodes the same object anew", () => {
  const record = new EncodedRecord();
  const [one, other] = [new CountingSerde(), new CountingSerde()];
  const both = { text: "x" };
  record.encodeKey(one, both);
  record.encodeKey(other, both);
  record.encodeValue(one, both);
  record.encodeValue(other, both);
  assertEquals([one.encoded, other.encoded], [2, 2]);
});

Deno.test("a value is encoded once until it may have been changed in place", () => {
  const record = new EncodedRecord();
  const serde = new CountingSerde();
  const value = { text: "before" };
  record.encodeValue(serde, value);
  value.text = "after";
  assertEquals(textOf(record.encodeValue(serde, value)), "before");
  record.forgetValue();
  assertEquals(textOf(record.encodeValue(serde, value)), "after");
  assertEquals(serde.encoded, 2);
});

Deno.test("key and value do not stand in each other's way", () => {
  const record = new EncodedRecord();
  const serde = new CountingSerde();
  const [key, value] = [{ text: "k" }, { text: "v" }];
  const encodedKey = record.encodeKey(serde, key);
  record.encodeValue(serde, value);
  assertEquals(textOf(encodedKey), "k");
  record.forgetValue();
  assertStrictEquals(record.encodeKey(serde, key), encodedKey);
  assertEquals(serde.encoded, 2);
});

Deno.test("what was decoded from known bytes is not encoded, until that is forgotten", () => {
  const record = new EncodedRecord();
  const serde = new CountingSerde();
  const bytes = new TextEncoder().encode("..key..value");
  const [key, value] = [serde.decode(bytes, 2, 5), serde.decode(bytes, 7, 12)];
  record.knowKey(serde, key, { bytes, from: 2, to: 5, hash: 17 });
  record.knowValue(serde, value, bytes, 7, 12);
  const known = record.encodeKey(serde, key);
  assertEquals([textOf(known), known.hash], ["key", 17]);
  assertEquals(textOf(record.encodeValue(serde, value)), "value");
  assertEquals(serde.encoded, 0);
  record.forgetKey();
  const anew = record.encodeKey(serde, key);
  assertStrictEquals(anew.hash, murmur2(anew.bytes, anew.from, anew.to));
  assertNotEquals(anew.bytes, bytes);
  assertEquals(textOf(anew), "key");
});

Deno.test("a key that cannot be encoded, or is too long, is not known afterwards", () => {
  const record = new EncodedRecord();
  const long = "x".repeat(MAX_KEY_BYTES + 1);
  for (let time = 0; time < 2; time++) {
    assertThrows(
      () => record.encodeKey(text, long),
      RangeError,
      `Cannot use a record key: received ${MAX_KEY_BYTES + 1} bytes; allowed are ${MAX_KEY_BYTES}`,
    );
  }
  assertEquals(record.encodeKey(text, "x".repeat(MAX_KEY_BYTES)).to, MAX_KEY_BYTES);
});
