/**
 * What every `BytesKeyValueStore` does, wherever it keeps its bytes.
 */
import { assertEquals } from "@std/assert";
import type { BytesKeyValueStore } from "../../../../src/engine/state/bytes/bytes_store.ts";
import type { KeyBytes } from "../../../../src/engine/record/key_bytes.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { foundText, keyOf, rangeOf, textOf } from "./stored_bytes.ts";

/** Makes a store, with a retention in ms and told of what expires, for the time of a test. */
export type WithKeyValueStore = (
  body: (store: BytesKeyValueStore) => void,
  retentionMs?: number,
  onExpired?: (key: KeyBytes, timestamp: number) => void,
) => void;

function put(store: BytesKeyValueStore, key: string, value: string, timestamp: number): void {
  const { bytes, from, to } = rangeOf(value);
  store.put(keyOf(key), bytes, from, to, timestamp);
}

function load(store: BytesKeyValueStore, key: string, value: string, timestamp: number): void {
  const { bytes, from, to } = rangeOf(value);
  store.load(keyOf(key), bytes, from, to, timestamp);
}

function get(store: BytesKeyValueStore, key: string): [string, number] | undefined {
  return foundText(store.get(keyOf(key)));
}

/** Defines the tests. */
export function keyValueStoreContract(kind: string, withStore: WithKeyValueStore, steps = 20_000): void {
  const test = (name: string, body: () => void): void => Deno.test(`${kind}: ${name}`, body);

  test("gives back what was put last, of any size", () =>
    withStore((store) => {
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
    }));

  test("takes the empty key, keys that begin alike, and times up to 2^53", () =>
    withStore((store) => {
      for (const [i, key] of ["", "k", "k\0", "kk", "\u{1F579}"].entries()) {
        put(store, key, key, Number.MAX_SAFE_INTEGER - i);
      }
      for (const [i, key] of ["", "k", "k\0", "kk", "\u{1F579}"].entries()) {
        assertEquals(get(store, key), [key, Number.MAX_SAFE_INTEGER - i]);
      }
      assertEquals(store.size, 5);
    }));

  test("agrees with a Map through random operations", () =>
    withStore((store) => {
      const { random, below } = seededRandom();
      const model = new Map<string, [string, number]>();
      for (let step = 0; step < steps; step++) {
        const key = `key ${below(below(2) === 0 ? 50 : 2_000)}`;
        if (random() < 0.3) assertEquals(store.delete(keyOf(key)), model.delete(key));
        else {
          const entry: [string, number] = [String(step).repeat(below(12)), below(1_000)];
          (below(2) === 0 ? put : load)(store, key, ...entry);
          model.set(key, entry);
        }
        const other = `key ${below(2_000)}`;
        assertEquals(get(store, other), model.get(other));
      }
      assertEquals(store.size, model.size);
      const all = new Map<string, [string, number]>();
      store.forEach((key, value, timestamp) => all.set(textOf(key), [textOf(value), timestamp]));
      assertEquals(all, model);
    }));

  test("with a retention, a key goes when stream time has passed its last change by more", () =>
    withStore((store) => {
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
    }, 100));

  test("with a retention, agrees with a model, and tells of each key that goes by itself", () => {
    const expired: [string, number][] = [];
    withStore(
      (store) => {
        const { below } = seededRandom();
        const model = new Map<string, [string, number]>();
        let latest = 0;
        for (let step = 0; step < steps; step++) {
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
          for (const [gone, timestamp] of expired.splice(0)) {
            assertEquals(model.get(gone)?.[1], timestamp, `${gone} was told to have expired`);
            assertEquals(timestamp < latest - 50, true, `${gone} expired too early`);
            model.delete(gone);
          }
          const other = `k${below(2) === 0 ? below(20) : step - below(100)}`;
          const expected = model.get(other);
          assertEquals(
            get(store, other),
            expected !== undefined && expected[1] >= latest - 50 ? expected : undefined,
          );
        }
        // What has expired goes away by itself at the latest after twice the retention.
        for (const [key, [, timestamp]] of model) {
          assertEquals(timestamp >= latest - 100, true, `${key} of ${timestamp} is there still at ${latest}`);
        }
        assertEquals(store.size, model.size);
      },
      50,
      ({ bytes, from, to }, timestamp) => expired.push([textOf(bytes.subarray(from, to)), timestamp]),
    );
  });

  test("while loading, nothing is told to expire before the next put", () => {
    const expired: string[] = [];
    withStore(
      (store) => {
        load(store, "old", "1", 1_000);
        load(store, "new", "1", 2_000);
        assertEquals(expired, []);
        assertEquals(get(store, "old"), undefined);
        put(store, "new", "2", 2_001);
        assertEquals(expired, ["old"]);
      },
      100,
      ({ bytes, from, to }) => expired.push(textOf(bytes.subarray(from, to))),
    );
  });
}
