import { assertEquals, assertStrictEquals } from "@std/assert";
import { bindSerde, EncodeBuffer, type Serde, serdeAround } from "../../src/serde/serde.ts";
import { stringSerde } from "../../src/serde/primitives.ts";

/** Doubled text, around any serde of text. */
function twice(inner: Serde<string>): Serde<string> {
  return serdeAround(inner, (bound) => ({
    encode: (value, into, at) => bound.encode(value + value, into, at),
    decode: (bytes, from, to) => bound.decode(bytes, from, to),
  }));
}

/** Text with a prefix that depends on the topic's first letter, as a registry's id may depend on the topic. */
function prefixed(): Serde<string> {
  const bound = new Map<string, Serde<string>>();
  const forTopic = (topic: string): Promise<Serde<string>> => {
    const prefix = topic[0]!;
    const serde = bound.get(prefix) ?? {
      encode: (value, into, at) => stringSerde().encode(prefix + value, into, at),
      decode: (bytes, from, to) => stringSerde().decode(bytes, from, to).slice(1),
      forTopic,
    };
    bound.set(prefix, serde);
    return Promise.resolve(serde);
  };
  return { ...stringSerde(), forTopic };
}

function textOf(serde: Serde<string>, value: string): string {
  const buffer = new EncodeBuffer(4);
  const end = buffer.encode(serde, value, 0);
  return new TextDecoder().decode(buffer.bytes.subarray(0, end));
}

Deno.test("a serde around one that needs no topic needs none either", async () => {
  const serde = twice(stringSerde());
  assertEquals(serde.forTopic, undefined);
  assertStrictEquals(await bindSerde(serde, "a", "key"), serde);
  assertEquals(textOf(serde, "ko"), "koko");
});

Deno.test("a serde around another one is shared by the topics that share that one", async () => {
  const serde = twice(prefixed());
  const first = await bindSerde(serde, "a1", "key");
  assertStrictEquals(await bindSerde(serde, "a2", "value"), first);
  assertStrictEquals(await bindSerde(first, "a3", "key"), first, "also when it is bound anew");
  const other = await bindSerde(first, "b1", "key");
  assertEquals([textOf(first, "ko"), textOf(other, "ko")], ["akoko", "bkoko"]);
});
