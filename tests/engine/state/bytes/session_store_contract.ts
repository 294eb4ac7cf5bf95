/** What every store of sessions does: run against each place that the bytes can be in. */
import { assert, assertEquals } from "@std/assert";
import type { BytesSessionStore } from "../../../../src/engine/state/bytes/bytes_windowed_stores.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { keyOf, textOf, valueOf } from "./windowed_bytes.ts";

type Found = [key: string, start: number, end: number, value: string];

function put(store: BytesSessionStore, key: string, start: number, end: number, value: string): boolean {
  return store.put(keyOf(key), start, end, ...valueOf(value));
}

function get(store: BytesSessionStore, key: string, start: number, end: number): string | undefined {
  const found = store.get(keyOf(key), start, end);
  return found && textOf(found.bytes, found.from, found.to);
}

function read(store: BytesSessionStore, found: number): Found[] {
  return Array.from({ length: found }, (_, i) => {
    const entry = store.entry(i);
    return [
      textOf(entry.keyBytes, entry.keyFrom, entry.keyTo),
      entry.startMs,
      entry.endMs,
      textOf(entry.bytes, entry.from, entry.to),
    ];
  });
}

const find = (store: BytesSessionStore, key: string, earliestEnd: number, latestStart: number): Found[] =>
  read(store, store.find(keyOf(key), earliestEnd, latestStart));
const findAll = (store: BytesSessionStore, earliestEnd: number, latestStart: number): Found[] =>
  read(store, store.findAll(earliestEnd, latestStart));

/**
 * Adds the tests of the contract.
 *
 * @param make Makes an empty store; it is closed by whoever made it, when the process ends at the latest.
 */
export function sessionStoreContract(name: string, make: (retentionMs: number) => BytesSessionStore): void {
  Deno.test(`${name}: sessions are found by their ends and starts, in the order of their ends`, () => {
    const store = make(10_000);
    put(store, "a", 500, 600, "late");
    put(store, "a", 100, 200, "early");
    put(store, "a", 300, 300, "point");
    put(store, "b", 300, 310, "other");
    assertEquals(find(store, "a", 0, 1_000).map(([, , , value]) => value), ["early", "point", "late"]);
    assertEquals(find(store, "a", 200, 300).map(([, , , value]) => value), ["early", "point"]);
    assertEquals(find(store, "a", 201, 499).map(([, , , value]) => value), ["point"]);
    assertEquals(find(store, "none", 0, 1_000), []);
    assertEquals(findAll(store, 250, 400), [["a", 300, 300, "point"], ["b", 300, 310, "other"]]);
    assertEquals(get(store, "a", 300, 300), "point");
    assertEquals(get(store, "a", 299, 300), undefined);
  });

  Deno.test(`${name}: a session is replaced, and removed`, () => {
    const store = make(1_000);
    for (const size of [0, 1, 500, 5_000, 1_100_000, 3]) {
      put(store, "a", 10, 20, "x".repeat(size));
      assertEquals(get(store, "a", 10, 20), "x".repeat(size));
    }
    put(store, "a", 5, 20, "same end");
    assertEquals(find(store, "a", 0, 100).map(([, start]) => start), [5, 10]);
    assertEquals(store.size, 2);
    assertEquals(store.delete(keyOf("a"), 10, 20), true);
    assertEquals(store.delete(keyOf("a"), 10, 20), false);
    assertEquals([store.size, find(store, "a", 0, 100).length], [1, 1]);
  });

  Deno.test(`${name}: sessions that end the retention before the latest end are gone`, () => {
    const store = make(100);
    put(store, "k", 900, 1_000, "first");
    assertEquals(put(store, "k", 800, 901, "within"), true);
    assertEquals(put(store, "k", 800, 900, "late"), false);
    put(store, "other", 1_001, 1_001, "moves the time on");
    assertEquals(get(store, "k", 800, 901), undefined);
    assertEquals(find(store, "k", 0, 2_000).map(([, , end]) => end), [1_000]);
    assertEquals(store.delete(keyOf("k"), 4_000, 5_000), false);
    assertEquals([store.observedTime, findAll(store, 0, 9_000)], [5_000, []]);
  });

  Deno.test(`${name}: agrees with a list through random operations, in bounded memory`, () => {
    const { below } = seededRandom();
    const retention = 1 + below(400);
    const store = make(retention);
    let model: Found[] = [];
    let latest = -1;
    let bytesHalfway = 0;
    for (let step = 0; step < 6_000; step++) {
      const known = model.length > 0 && below(3) === 0 ? model[below(model.length)]! : undefined;
      const end = known?.[2] ?? Math.max(0, latest + 4 - below(below(10) === 0 ? retention * 2 : 12));
      const start = known?.[1] ?? Math.max(0, end - below(20));
      const key = known?.[0] ?? `k${below(5) === 0 ? step : below(20)}`;
      latest = Math.max(latest, end);
      const live = end > latest - retention;
      const others = model.filter((each) => each[0] !== key || each[1] !== start || each[2] !== end);
      if (below(2) === 0) {
        assertEquals(store.delete(keyOf(key), start, end), live && others.length < model.length);
        model = others;
      } else {
        const entry: Found = [key, start, end, "v".repeat(below(40)) + step];
        assertEquals(put(store, ...entry), live);
        model = live ? [...others, entry] : others;
      }
      model = model.filter((each) => each[2] > latest - retention);
      const earliestEnd = latest - below(retention * 2);
      const latestStart = earliestEnd + below(retention);
      const expected = model.filter((each) => each[2] >= earliestEnd && each[1] <= latestStart)
        .sort((a, b) => a[2] - b[2] || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
      assertEquals(find(store, key, earliestEnd, latestStart), expected.filter((each) => each[0] === key));
      if (step % 10 === 0) assertEquals(findAll(store, earliestEnd, latestStart), expected);
      if (step === 3_000) bytesHalfway = store.bytes;
    }
    assert(store.bytes <= bytesHalfway * 2, `${store.bytes} bytes, ${bytesHalfway} halfway`);
  });
}
