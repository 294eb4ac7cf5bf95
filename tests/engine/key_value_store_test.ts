import { assertEquals } from "@std/assert";
import type { KeyBytes } from "../../src/engine/state/bytes_store.ts";
import { MemoryKeyValueStore } from "../../src/engine/state/memory_key_value_store.ts";
import { murmur2 } from "../../src/kafka/record_batch/murmur2.ts";
import { seededRandom } from "../support/seeded_random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function keyOf(text: string): KeyBytes {
  const bytes = encoder.encode(`--${text}--`);
  return { bytes, from: 2, to: bytes.length - 2, hash: murmur2(bytes, 2, bytes.length - 2) };
}

function put(store: MemoryKeyValueStore, key: string, value: string, timestamp: number): void {
  const bytes = encoder.encode(`+${value}+`);
  store.put(keyOf(key), bytes, 1, bytes.length - 1, timestamp);
}

function get(store: MemoryKeyValueStore, key: string): [string, number] | undefined {
  const found = store.get(keyOf(key));
  return found && [decoder.decode(found.bytes.subarray(found.from, found.to)), found.timestamp];
}

Deno.test("a key-value store gives back what was put last, of any size", () => {
  const store = new MemoryKeyValueStore();
  assertEquals(get(store, "a"), undefined);
  for (const size of [0, 1, 15, 16, 17, 500, 600, 5_000, 70_000, 1_100_000, 3]) {
    put(store, "a", "x".repeat(size), size);
    put(store, "b", "y".repeat(size), 1);
    assertEquals(get(store, "a"), ["x".repeat(size), size]);
    assertEquals(get(store, "b"), ["y".repeat(size), 1]);
  }
  assertEquals(store.size, 2);
  assertEquals(store.delete(keyOf("a")), true);
  assertEquals(store.delete(keyOf("a")), false);
  assertEquals(get(store, "a"), undefined);
  assertEquals(store.size, 1);
});

Deno.test("a key-value store agrees with a Map through random operations", () => {
  const { random, below } = seededRandom();
  const store = new MemoryKeyValueStore();
  const model = new Map<string, [string, number]>();
  for (let step = 0; step < 20_000; step++) {
    const key = `key ${below(below(2) === 0 ? 50 : 2_000)}`;
    if (random() < 0.3) assertEquals(store.delete(keyOf(key)), model.delete(key));
    else {
      const entry: [string, number] = [String(step).repeat(below(12)), below(1_000)];
      put(store, key, ...entry);
      model.set(key, entry);
    }
    const other = `key ${below(2_000)}`;
    assertEquals(get(store, other), model.get(other));
  }
  assertEquals(store.size, model.size);
  const all = new Map<string, [string, number]>();
  store.forEach((key, value, timestamp) => all.set(decoder.decode(key), [decoder.decode(value), timestamp]));
  assertEquals(all, model);
});

Deno.test("with a retention, a key goes when stream time has passed its last change by more", () => {
  const store = new MemoryKeyValueStore(100);
  put(store, "old", "1", 1_000);
  put(store, "kept", "1", 1_000);
  put(store, "kept", "2", 1_050);
  put(store, "new", "1", 1_100);
  assertEquals(get(store, "old"), ["1", 1_000]);
  put(store, "new", "2", 1_101);
  assertEquals(get(store, "old"), undefined);
  assertEquals(get(store, "kept"), ["2", 1_050]);
  put(store, "new", "3", 1_151);
  assertEquals(get(store, "kept"), undefined);
  put(store, "new", "4", 1_300);
  assertEquals(store.size, 1);
});

Deno.test("with a retention, a store agrees with a model, and uses the memory of expired keys again", () => {
  const { below } = seededRandom();
  const store = new MemoryKeyValueStore(50);
  const model = new Map<string, [string, number]>();
  let latest = 0;
  let bytesHalfway = 0;
  for (let step = 0; step < 20_000; step++) {
    const key = `k${below(5) === 0 ? below(20) : step}`;
    if (below(10) === 0) {
      const [, timestamp] = model.get(key) ?? ["", -Infinity];
      assertEquals(store.delete(keyOf(key)), timestamp >= latest - 50);
      model.delete(key);
    } else {
      const entry: [string, number] = [`value ${step}`, Math.max(0, latest + 2 - below(20))];
      latest = Math.max(latest, entry[1]);
      put(store, key, ...entry);
      model.set(key, entry);
    }
    const other = `k${below(2) === 0 ? below(20) : step - below(100)}`;
    const expected = model.get(other);
    assertEquals(
      get(store, other),
      expected !== undefined && expected[1] >= latest - 50 ? expected : undefined,
    );
    if (step === 10_000) bytesHalfway = store.bytes;
  }
  assertEquals(store.bytes <= bytesHalfway * 1.5, true, `${store.bytes} bytes, ${bytesHalfway} halfway`);
});
