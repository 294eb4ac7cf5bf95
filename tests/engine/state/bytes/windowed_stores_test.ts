import { MemorySessionStore } from "../../../../src/engine/state/bytes/memory_session_store.ts";
import { MemoryWindowKeyValueStore } from "../../../../src/engine/state/bytes/memory_window_kv_store.ts";
import { sessionStoreContract } from "./session_store_contract.ts";
import { windowKeyValueStoreContract } from "./window_key_value_store_contract.ts";

windowKeyValueStoreContract(
  "window store in memory",
  (retentionMs) => new MemoryWindowKeyValueStore(retentionMs),
);
sessionStoreContract("session store in memory", (retentionMs) => new MemorySessionStore(retentionMs));
