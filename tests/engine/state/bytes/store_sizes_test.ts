/** What memory is computed for is what the stores say that they take. */
import { assert } from "@std/assert";
import { MemoryKeyValueStore } from "../../../../src/engine/state/bytes/memory_key_value_store.ts";
import { MemoryWindowStore } from "../../../../src/engine/state/bytes/memory_window_store.ts";
import { keyValueStoreBytes, windowStoreBytes } from "../../../../src/engine/state/bytes/store_sizes.ts";
import { murmur2 } from "../../../../src/kafka/port/murmur2.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

function keyOf(i: number, length: number) {
  const bytes = new TextEncoder().encode(String(i).padStart(length, "k"));
  return { bytes, from: 0, to: length, hash: murmur2(bytes, 0, length) };
}

function near(computed: number, real: number, what: string): void {
  assert(Math.abs(computed / real - 1) < 0.15, `${what}: computed ${computed}, it takes ${real}`);
}

Deno.test("a key-value store takes what is computed for it", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 6; round++) {
    const entries = 20_000 + below(60_000);
    const [keyBytes, valueBytes] = [8 + below(40), below(900)];
    const expires = round % 2 === 0;
    const store = new MemoryKeyValueStore(expires ? 1e9 : undefined);
    const value = new Uint8Array(valueBytes);
    for (let i = 0; i < entries; i++) store.put(keyOf(i, keyBytes), value, 0, valueBytes, 1000 + i);
    near(
      keyValueStoreBytes({ entries, keyBytes, valueBytes, expires }),
      store.bytes,
      `${entries} entries of ${keyBytes} and ${valueBytes} bytes`,
    );
  }
});

Deno.test("a join's window store takes what is computed for it, once it has been full", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 3; round++) {
    const retentionMs = 2_000 + below(2_000);
    const entriesPerMs = 60 + below(30);
    const [keyBytes, valueBytes] = [8 + below(40), below(300)];
    const store = new MemoryWindowStore(retentionMs);
    const value = new Uint8Array(valueBytes);
    let key = 0;
    let most = 0;
    for (let ms = 0; ms < 1.6 * retentionMs; ms++) {
      for (let i = 0; i < entriesPerMs; i++) store.put(keyOf(key++, keyBytes), ms, value, 0, valueBytes);
      most = Math.max(most, store.bytes);
    }
    near(
      windowStoreBytes({ entriesPerSecond: entriesPerMs * 1000, retentionMs, keyBytes, valueBytes }),
      most,
      `${entriesPerMs} a ms for ${retentionMs} ms, of ${keyBytes} and ${valueBytes} bytes`,
    );
  }
});
