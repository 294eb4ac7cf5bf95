import { MemoryWindowKeyValueStore } from "../../../../src/engine/state/bytes/memory_window_kv_store.ts";
import { windowKeyValueStoreContract } from "./window_key_value_store_contract.ts";

windowKeyValueStoreContract(
  "window store in memory",
  (retentionMs) => new MemoryWindowKeyValueStore(retentionMs),
);
