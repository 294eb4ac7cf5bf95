import { assertEquals } from "@std/assert";
import { MemoryKeyValueStore } from "../../../../src/engine/state/bytes/memory_key_value_store.ts";
import { keyValueStoreContract } from "./key_value_store_contract.ts";
import { keyOf, rangeOf } from "./stored_bytes.ts";

keyValueStoreContract("memory key-value store", (body, retentionMs, onExpired) => {
  body(new MemoryKeyValueStore(retentionMs, onExpired));
});

Deno.test("memory key-value store: the memory of expired keys is used again", () => {
  const store = new MemoryKeyValueStore(50);
  let bytesHalfway = 0;
  for (let step = 0; step < 20_000; step++) {
    const { bytes, from, to } = rangeOf(`value ${step}`);
    store.put(keyOf(`k${step}`), bytes, from, to, step);
    if (step === 10_000) bytesHalfway = store.bytes;
  }
  assertEquals(store.bytes <= bytesHalfway * 1.5, true, `${store.bytes} bytes, ${bytesHalfway} halfway`);
});
