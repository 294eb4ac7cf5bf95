/**
 * Makes a task's stores of their definitions: bytes in memory or on disk, with serdes and the changelog in
 * front.
 *
 * @module
 */
import type { KeyBytes } from "../record/key_bytes.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import { MemoryKeyValueStore } from "./bytes/memory_key_value_store.ts";
import { MemorySessionStore } from "./bytes/memory_session_store.ts";
import { MemoryWindowKeyValueStore } from "./bytes/memory_window_kv_store.ts";
import { MemoryWindowStore } from "./bytes/memory_window_store.ts";
import { SqliteKeyValueStore } from "./bytes/sqlite_key_value_store.ts";
import { SqliteWindowStore } from "./bytes/sqlite_window_store.ts";
import type { StateFile } from "./bytes/state_file.ts";
import { ChangelogWriter } from "./changelog.ts";
import type { BoundStore } from "./definitions.ts";
import type { ManagedStore } from "./managed_store.ts";
import { type CacheBudget, CachedKeyValueStore } from "./typed/cached_key_value_store.ts";
import { LoggedJoinWindowStore } from "./typed/logged_join_window_store.ts";
import { LoggedKeyValueStore } from "./typed/logged_key_value_store.ts";
import { LoggedSessionStore } from "./typed/logged_session_store.ts";
import type { StoreParts } from "./typed/logged_store.ts";
import { LoggedWindowStore } from "./typed/logged_window_store.ts";
import { OuterJoinStore } from "./typed/outer_join_store.ts";
import { SuppressBuffer } from "./typed/suppress_buffer.ts";

/** Whether a store goes to the task's file, where the application keeps stores on disk. */
export function isOnDisk({ def }: BoundStore): boolean {
  return def.kind === "key-value" || def.kind === "join-window";
}

/**
 * Makes a store of one task.
 *
 * @param file Where those that {@linkcode isOnDisk} go; `undefined` keeps them in memory.
 * @param cache What the caches of aggregates share; `undefined` where there are none.
 */
export function makeStore(
  bound: BoundStore,
  context: ProcessorContext,
  file: StateFile | undefined,
  cache: CacheBudget | undefined,
): ManagedStore {
  const { def, changelog, key, value, otherValue } = bound;
  const { name, retentionMs } = def;
  const writer = changelog === undefined ? undefined : new ChangelogWriter(changelog, context);
  const parts = { name, key, value, context, changelog: writer };
  switch (def.kind) {
    case "key-value": {
      const store = makeKeyValueStore(parts, retentionMs, file);
      return cache === undefined || def.cacheable !== true
        ? store
        : new CachedKeyValueStore(store, key, value, context, cache);
    }
    case "join-window": {
      const inner = file === undefined
        ? new MemoryWindowStore(retentionMs)
        : new SqliteWindowStore(file, { name, changelog, retentionMs });
      return new LoggedJoinWindowStore(inner, parts);
    }
    case "window":
      return new LoggedWindowStore(new MemoryWindowKeyValueStore(retentionMs), parts);
    case "session":
      return new LoggedSessionStore(new MemorySessionStore(retentionMs), parts);
    case "outer-join":
      return new OuterJoinStore(parts, otherValue);
    case "suppress":
      return new SuppressBuffer(parts);
  }
}

function makeKeyValueStore<K, V>(
  parts: StoreParts<K, V>,
  retentionMs: number,
  file: StateFile | undefined,
): LoggedKeyValueStore<K, V> {
  const { name, changelog } = parts;
  // An expired key leaves the changelog too: a compacted topic would keep it for ever.
  const onExpired = changelog &&
    ((expired: KeyBytes, timestamp: number): void => changelog.write(expired, null, 0, 0, timestamp));
  const inner = file === undefined
    ? new MemoryKeyValueStore(retentionMs, onExpired)
    : new SqliteKeyValueStore(file, { name, changelog: changelog?.topic, retentionMs, onExpired });
  return new LoggedKeyValueStore(inner, parts);
}
