import { assertEquals } from "@std/assert";
import type { KeyBytes } from "../../src/engine/state/bytes_store.ts";
import { MemoryWindowStore } from "../../src/engine/state/memory_window_store.ts";
import { murmur2 } from "../../src/kafka/record_batch/murmur2.ts";
import { seededRandom } from "../support/seeded_random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function keyOf(text: string): KeyBytes {
  const bytes = encoder.encode(text);
  return { bytes, from: 0, to: bytes.length, hash: murmur2(bytes, 0, bytes.length) };
}

function put(store: MemoryWindowStore, key: string, timestamp: number, value: string): boolean {
  const bytes = encoder.encode(value);
  return store.put(keyOf(key), timestamp, bytes, 0, bytes.length);
}

function fetch(store: MemoryWindowStore, key: string, from: number, to: number): [number, string][] {
  const found = store.fetch(keyOf(key), from, to);
  return Array.from({ length: found }, (_, i) => {
    const { bytes, from, to, timestamp } = store.entry(i);
    return [timestamp, decoder.decode(bytes.subarray(from, to))];
  });
}

Deno.test("entries of a key come in the order of time, equal times in the order of arrival", () => {
  const store = new MemoryWindowStore(1_000);
  for (
    const [time, value] of [[50, "a"], [300, "b"], [20, "c"], [50, "d"], [290, "e"], [300, "f"]] as const
  ) {
    assertEquals(put(store, "k", time, value), true);
  }
  put(store, "other", 50, "x");
  assertEquals(fetch(store, "k", 0, 1_000), [[20, "c"], [50, "a"], [50, "d"], [290, "e"], [300, "b"], [
    300,
    "f",
  ]]);
  assertEquals(fetch(store, "k", 50, 290), [[50, "a"], [50, "d"], [290, "e"]]);
  assertEquals(fetch(store, "none", 0, 1_000), []);
});

Deno.test("what is older than the retention is neither stored nor found", () => {
  const store = new MemoryWindowStore(100);
  put(store, "k", 1_000, "first");
  assertEquals(put(store, "k", 901, "within"), true);
  assertEquals(put(store, "k", 900, "late"), false);
  assertEquals(fetch(store, "k", 0, 2_000), [[901, "within"], [1_000, "first"]]);
  put(store, "other", 1_001, "moves the time on");
  assertEquals(fetch(store, "k", 0, 2_000), [[1_000, "first"]]);
  put(store, "other", 5_000, "far on");
  assertEquals(fetch(store, "k", 0, 9_000), []);
  assertEquals(store.size, 1);
});

Deno.test("a window store agrees with a list through random operations, and its memory stays bounded", () => {
  const { below } = seededRandom();
  const retention = 1 + below(500);
  const store = new MemoryWindowStore(retention);
  let model: { key: string; time: number; value: string }[] = [];
  let latest = -1;
  for (let step = 0; step < 5_000; step++) {
    const time = Math.max(0, latest + 5 - below(below(10) === 0 ? retention * 2 : 12));
    const key = `k${below(30)}`;
    const value = "v".repeat(below(40)) + step;
    latest = Math.max(latest, time);
    assertEquals(put(store, key, time, value), time > latest - retention);
    if (time > latest - retention) model.push({ key, time, value });
    model = model.filter((entry) => entry.time > latest - retention);
    const from = latest - below(retention * 2);
    const to = from + below(retention);
    const expected = model.filter((entry) => entry.key === key && entry.time >= from && entry.time <= to)
      .sort((a, b) => a.time - b.time).map((entry) => [entry.time, entry.value]);
    assertEquals(fetch(store, key, from, to), expected as [number, string][]);
  }
  assertEquals(store.bytes < 4_000_000, true);
});
