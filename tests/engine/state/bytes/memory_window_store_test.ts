import { assertEquals } from "@std/assert";
import { MemoryWindowStore } from "../../../../src/engine/state/bytes/memory_window_store.ts";
import { keyOf, rangeOf } from "./stored_bytes.ts";
import { windowStoreContract } from "./window_store_contract.ts";

windowStoreContract("memory window store", (body, retentionMs) => body(new MemoryWindowStore(retentionMs)));

Deno.test("memory window store: its memory stays bounded", () => {
  const store = new MemoryWindowStore(500);
  for (let step = 0; step < 50_000; step++) {
    const { bytes, from, to } = rangeOf(`${"v".repeat(step % 40)}${step}`);
    store.put(keyOf(`k${step % 30}`), step, bytes, from, to);
  }
  assertEquals(store.bytes < 4_000_000, true, `${store.bytes} bytes`);
});
