/**
 * The stores in memory, by the frames' keys: those of the last second, as nearly all are that a stream meets, and those from all over a
 * large store, which are in no cache of the processor.
 */
import type { BytesKeyValueStore, BytesWindowStore } from "../../src/engine/state/bytes/bytes_store.ts";
import type { KeyBytes } from "../../src/engine/record/key_bytes.ts";
import { MemoryKeyValueStore } from "../../src/engine/state/bytes/memory_key_value_store.ts";
import { MemoryWindowStore } from "../../src/engine/state/bytes/memory_window_store.ts";
import { murmur2 } from "../../src/kafka/port/murmur2.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import { bench } from "./measure.ts";
import { BEGIN_MS, COUNT as count, encodedBodies, encodedSessions, headers } from "./inputs.ts";

const items = "entries";
const KEYS = 100_000;

const serde = arcadeSerdes(undefined).header;

/** A key that can be filled anew for each entry, as the engine does it. */
class Key implements KeyBytes {
  readonly bytes = new Uint8Array(64);
  readonly from = 0;
  to = 0;
  hash = 0;

  /** Takes the header number `i` of an endless row. */
  fill(i: number): this {
    const { machine, zone } = headers[i % headers.length]!;
    this.to = serde.encode({ ts: BEGIN_MS + i, machine, zone }, this.bytes, 0);
    this.hash = murmur2(this.bytes, 0, this.to);
    return this;
  }
}

/** Keys made beforehand: what is measured is the store. */
const keys = Array.from({ length: KEYS }, (_, i) => new Key().fill(i));
/** Goes through the first `among` keys of those that were put last, in an order that jumps about. */
function jumping(among: number): () => Key {
  let at = 0;
  return () => keys[KEYS - 1 - (at = (at + 61_001) % among)]!; // a prime: it comes to all of them
}

const valueOf = ({ bytes, ends }: { bytes: Uint8Array; ends: readonly number[] }, i: number): Uint8Array =>
  bytes.subarray(i % count === 0 ? 0 : ends[i % count - 1]!, ends[i % count]!);
const sessions = Array.from({ length: count }, (_, i) => valueOf(encodedSessions, i));
const bodies = Array.from({ length: count }, (_, i) => valueOf(encodedBodies, i));

let sum = 0;

const filled: BytesKeyValueStore = new MemoryKeyValueStore();
for (const [i, key] of keys.entries()) {
  filled.put(key, sessions[i % count]!, 0, sessions[i % count]!.length, BEGIN_MS + i);
}
for (const [which, among] of [["the last second", 1000], ["any time", KEYS]] as const) {
  const group = `key-value store, keys of ${which}`;
  const next = jumping(among);
  bench({
    group,
    what: `key-value store of 100,000: get a key of ${which}`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) sum += filled.get(next())!.to;
    },
  });
  bench({
    group,
    what: `key-value store of 100,000: put a key of ${which} again`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) {
        const value = sessions[i]!;
        filled.put(next(), value, 0, value.length, BEGIN_MS);
      }
    },
  });
  bench({
    group,
    what: `key-value store of 100,000: get a key of ${which}, then put it`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) {
        const key = next();
        sum += filled.get(key)!.to;
        const value = sessions[i]!;
        filled.put(key, value, 0, value.length, BEGIN_MS);
      }
    },
  });
}

// One entry comes a millisecond, so that as many are kept as the retention has milliseconds.
const expiring: BytesKeyValueStore = new MemoryKeyValueStore(KEYS);
const key = new Key();
let added = 0;
bench({
  group: "stores that expire",
  what: "key-value store of 100,000: put a new key, one expires",
  count,
  items,
  run() {
    for (let i = 0; i < count; i++, added++) {
      const value = sessions[i]!;
      expiring.put(key.fill(added), value, 0, value.length, BEGIN_MS + added);
    }
  },
});

/** The retention of the sessions topology's join, in ms. */
const RETENTION_MS = 36_000;
const window: BytesWindowStore = new MemoryWindowStore(RETENTION_MS);
let put = 0;
const putOne = (): void => {
  const value = bodies[put % count]!;
  window.put(key.fill(put), BEGIN_MS + put, value, 0, value.length);
  put++;
};
while (put < RETENTION_MS) putOne();
bench({
  group: "stores that expire",
  what: "window store of 36,000 entries: put, one expires",
  count,
  items,
  run() {
    for (let i = 0; i < count; i++) putOne();
  },
});
bench({
  group: "stores that expire",
  what: "window store of 36,000 entries: fetch a key's within 3 s",
  count,
  items,
  run() {
    for (let i = 0; i < count; i++) {
      const at = put - 1 - (i * 31) % 3000;
      const found = window.fetch(key.fill(at), BEGIN_MS + at - 3000, BEGIN_MS + at + 3000);
      if (found !== 1) {
        throw new Error(`Cannot measure: received ${found} entries for a key that was put once`);
      }
      sum += window.entry(0).to;
    }
  },
});
bench({
  group: "stores that expire",
  what: "a key's bytes and hash, which the three above have in them",
  count,
  items,
  run() {
    for (let i = 0; i < count; i++) sum += key.fill(i).hash;
  },
});
