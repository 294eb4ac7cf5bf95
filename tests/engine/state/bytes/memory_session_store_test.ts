import { MemorySessionStore } from "../../../../src/engine/state/bytes/memory_session_store.ts";
import { sessionStoreContract } from "./session_store_contract.ts";

sessionStoreContract("session store in memory", (retentionMs) => new MemorySessionStore(retentionMs));
