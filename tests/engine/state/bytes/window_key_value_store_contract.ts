/** What every store of values by key and window does: run against each place that the bytes can be in. */
import { assert, assertEquals } from "@std/assert";
import type { BytesWindowKeyValueStore } from "../../../../src/engine/state/bytes/bytes_windowed_stores.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { keyOf, textOf, valueOf } from "./windowed_bytes.ts";

type Found = [key: string, start: number, value: string, timestamp: number];

function put(
  store: BytesWindowKeyValueStore,
  key: string,
  start: number,
  value: string,
  timestamp: number,
): boolean {
  return store.put(keyOf(key), start, ...valueOf(value), timestamp);
}

function get(store: BytesWindowKeyValueStore, key: string, start: number): [string, number] | undefined {
  const found = store.get(keyOf(key), start);
  return found && [textOf(found.bytes, found.from, found.to), found.timestamp];
}

function read(store: BytesWindowKeyValueStore, found: number): Found[] {
  return Array.from({ length: found }, (_, i) => {
    const entry = store.entry(i);
    return [
      textOf(entry.keyBytes, entry.keyFrom, entry.keyTo),
      entry.startMs,
      textOf(entry.bytes, entry.from, entry.to),
      entry.timestamp,
    ];
  });
}

const fetch = (store: BytesWindowKeyValueStore, key: string, from: number, to: number): Found[] =>
  read(store, store.fetch(keyOf(key), from, to));
const fetchAll = (store: BytesWindowKeyValueStore, from: number, to: number): Found[] =>
  read(store, store.fetchAll(from, to));

/**
 * Adds the tests of the contract.
 *
 * @param make Makes an empty store; it is closed by whoever made it, when the process ends at the latest.
 */
export function windowKeyValueStoreContract(
  name: string,
  make: (retentionMs: number) => BytesWindowKeyValueStore,
): void {
  Deno.test(`${name}: a window's value is replaced in place, whatever its size`, () => {
    const store = make(1_000);
    assertEquals(get(store, "a", 10), undefined);
    for (const size of [0, 1, 15, 16, 17, 500, 600, 5_000, 70_000, 1_100_000, 3]) {
      put(store, "a", 10, "x".repeat(size), size);
      put(store, "a", 20, "y".repeat(size), 1);
      assertEquals(get(store, "a", 10), ["x".repeat(size), size]);
      assertEquals(get(store, "a", 20), ["y".repeat(size), 1]);
    }
    assertEquals(store.size, 2);
    assertEquals(store.delete(keyOf("a"), 10), true);
    assertEquals(store.delete(keyOf("a"), 10), false);
    assertEquals(get(store, "a", 10), undefined);
    assertEquals(get(store, "a", 20), ["yyy", 1]);
    assertEquals(store.size, 1);
  });

  Deno.test(`${name}: windows come in the order of their starts, those of all keys then by key`, () => {
    const store = make(10_000);
    for (const start of [300, 100, 900, 200]) put(store, "b", start, `b${start}`, start);
    put(store, "a", 200, "a200", 5);
    put(store, "ba", 200, "ba200", 6);
    put(store, "", 200, "empty", 7);
    assertEquals(fetch(store, "b", 0, 10_000).map(([, start]) => start), [100, 200, 300, 900]);
    assertEquals(fetch(store, "b", 101, 300).map(([, start]) => start), [200, 300]);
    assertEquals(fetch(store, "none", 0, 10_000), []);
    assertEquals(fetchAll(store, 150, 300), [
      ["", 200, "empty", 7],
      ["a", 200, "a200", 5],
      ["b", 200, "b200", 200],
      ["ba", 200, "ba200", 6],
      ["b", 300, "b300", 300],
    ]);
  });

  Deno.test(`${name}: windows that begin the retention before the latest start are gone`, () => {
    const store = make(100);
    put(store, "k", 1_000, "first", 1);
    assertEquals(put(store, "k", 901, "within", 2), true);
    assertEquals(put(store, "k", 900, "late", 3), false);
    assertEquals(get(store, "k", 900), undefined);
    assertEquals(fetch(store, "k", 0, 2_000).map(([, start]) => start), [901, 1_000]);
    put(store, "other", 1_001, "moves the time on", 4);
    assertEquals(store.observedTime, 1_001);
    assertEquals(get(store, "k", 901), undefined);
    assertEquals(fetchAll(store, 0, 2_000).map(([, start]) => start), [1_000, 1_001]);
    assertEquals(store.delete(keyOf("k"), 5_000), false);
    assertEquals([store.observedTime, fetchAll(store, 0, 9_000)], [5_000, []]);
    assertEquals(store.delete(keyOf("k"), 1_000), false);
  });

  Deno.test(`${name}: agrees with a map through random operations, in bounded memory`, () => {
    const { below } = seededRandom();
    const retention = 1 + below(400);
    const store = make(retention);
    const model = new Map<string, Found>();
    let latest = -1;
    let mostHalfway = 0;
    for (let step = 0; step < 6_000; step++) {
      const start = Math.max(0, latest + 4 - below(below(10) === 0 ? retention * 2 : 12));
      const key = `k${below(20)}`;
      latest = Math.max(latest, start);
      if (below(6) === 0) {
        assertEquals(
          store.delete(keyOf(key), start),
          start > latest - retention && model.delete(`${key}@${start}`),
        );
      } else {
        const entry: Found = [key, start, "v".repeat(below(40)) + step, below(1_000)];
        assertEquals(put(store, key, start, entry[2], entry[3]), start > latest - retention);
        if (start > latest - retention) model.set(`${key}@${start}`, entry);
      }
      for (const [id, [, old]] of model) if (old <= latest - retention) model.delete(id);
      const from = latest - below(retention * 2);
      const to = from + below(retention);
      const expected = [...model.values()].filter(([, each]) => each >= from && each <= to)
        .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
      assertEquals(fetch(store, key, from, to), expected.filter(([each]) => each === key));
      if (step % 10 === 0) assertEquals(fetchAll(store, from, to), expected);
      const other = `k${below(20)}`;
      const at = latest - below(retention);
      const found = model.get(`${other}@${at}`);
      assertEquals(get(store, other, at), found && [found[2], found[3]]);
      // The most until then: of a short retention a step may leave nothing.
      if (step <= 3_000) mostHalfway = Math.max(mostHalfway, store.bytes);
    }
    assert(store.bytes <= mostHalfway * 2, `${store.bytes} bytes, at most ${mostHalfway} halfway`);
  });
}
