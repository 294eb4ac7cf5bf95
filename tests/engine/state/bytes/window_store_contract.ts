/**
 * What every `BytesWindowStore` does, wherever it keeps its bytes.
 */
import { assertEquals } from "@std/assert";
import type { BytesWindowStore } from "../../../../src/engine/state/bytes/bytes_store.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { keyOf, rangeOf, textOf } from "./stored_bytes.ts";

/** Makes a store with a retention in ms for the time of a test. */
export type WithWindowStore = (body: (store: BytesWindowStore) => void, retentionMs: number) => void;

function put(store: BytesWindowStore, key: string, timestamp: number, value: string): boolean {
  const { bytes, from, to } = rangeOf(value);
  return store.put(keyOf(key), timestamp, bytes, from, to);
}

function fetch(store: BytesWindowStore, key: string, from: number, to: number): [number, string][] {
  const found = store.fetch(keyOf(key), from, to);
  return Array.from({ length: found }, (_, i) => {
    const { bytes, from, to, timestamp } = store.entry(i);
    return [timestamp, textOf(bytes.subarray(from, to))];
  });
}

/** Defines the tests. */
export function windowStoreContract(kind: string, withStore: WithWindowStore, steps = 3_000): void {
  const test = (name: string, body: () => void): void => Deno.test(`${kind}: ${name}`, body);

  test("entries of a key come in the order of time, equal times in the order of arrival", () =>
    withStore((store) => {
      assertEquals(store.observedTime, -1);
      for (
        const [time, value] of [[50, "a"], [300, "b"], [20, "c"], [50, "d"], [290, "e"], [300, "f"]] as const
      ) {
        assertEquals(put(store, "k", time, value), true);
      }
      put(store, "other", 50, "x");
      assertEquals(store.observedTime, 300);
      assertEquals(store.size, 7);
      assertEquals(fetch(store, "k", 0, 1_000), [
        [20, "c"],
        [50, "a"],
        [50, "d"],
        [290, "e"],
        [300, "b"],
        [300, "f"],
      ]);
      assertEquals(fetch(store, "k", 50, 290), [[50, "a"], [50, "d"], [290, "e"]]);
      assertEquals(fetch(store, "none", 0, 1_000), []);
    }, 1_000));

  test("what is older than the retention is neither stored nor found", () =>
    withStore((store) => {
      put(store, "k", 1_000, "first");
      assertEquals(put(store, "k", 901, "within"), true);
      assertEquals(put(store, "k", 900, "late"), false);
      assertEquals(fetch(store, "k", 0, 2_000), [[901, "within"], [1_000, "first"]]);
      put(store, "other", 1_001, "moves the time on");
      assertEquals(fetch(store, "k", 0, 2_000), [[1_000, "first"]]);
      put(store, "other", 5_000, "far on");
      assertEquals(fetch(store, "k", 0, 9_000), []);
      assertEquals(store.size, 1);
    }, 100));

  test("empty keys and values, large values, and times of today", () =>
    withStore((store) => {
      const now = 1_790_000_000_000;
      put(store, "", now, "");
      put(store, "", now + 1, "x".repeat(1_100_000));
      assertEquals(fetch(store, "", now, now + 1), [[now, ""], [now + 1, "x".repeat(1_100_000)]]);
      assertEquals(store.observedTime, now + 1);
    }, 100));

  for (const retention of [1, 60, 499]) {
    test(`agrees with a list through random operations with a retention of ${retention} ms`, () =>
      withStore((store) => {
        const { below } = seededRandom();
        let model: { key: string; time: number; value: string }[] = [];
        let latest = -1;
        for (let step = 0; step < steps; step++) {
          const time = Math.max(0, latest + 5 - below(below(10) === 0 ? retention * 2 : 12));
          const key = `k${below(30)}`;
          const value = "v".repeat(below(40)) + step;
          latest = Math.max(latest, time);
          assertEquals(put(store, key, time, value), time > latest - retention);
          if (time > latest - retention) model.push({ key, time, value });
          model = model.filter((entry) => entry.time > latest - retention);
          const from = latest - below(retention * 2);
          const to = from + below(retention);
          const expected = model.filter((entry) =>
            entry.key === key && entry.time >= from && entry.time <= to
          )
            .sort((a, b) => a.time - b.time).map((entry): [number, string] => [entry.time, entry.value]);
          assertEquals(fetch(store, key, from, to), expected);
          // What has expired goes, if not at once.
          assertEquals(
            store.size <= model.length * 2 + 50,
            true,
            `${store.size} entries, ${model.length} live`,
          );
        }
        const all: string[] = [];
        store.forEach((key, value, timestamp) => all.push(`${textOf(key)} ${timestamp} ${textOf(value)}`));
        assertEquals(all.sort(), model.map(({ key, time, value }) => `${key} ${time} ${value}`).sort());
      }, retention));
  }
}
