/**
 * Makes a task's stores of their definitions: bytes in memory or on disk, with serdes and the changelog in front.
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
import { LoggedJoinWindowStore, LoggedKeyValueStore } from "./typed/logged_stores.ts";
import { LoggedSessionStore } from "./typed/logged_session_store.ts";
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
  const writer = changelog === undefined ? undefined : new ChangelogWriter(changelog, context);
  const { name, retentionMs } = def;
  switch (def.kind) {
    case "key-value": {
      const store = makeKeyValueStore(bound, context, writer, file);
      return cache === undefined || def.cacheable !== true
        ? store
        : new CachedKeyValueStore(store, key, value, context, cache);
    }
    case "join-window": {
      const inner = file === undefined
        ? new MemoryWindowStore(retentionMs)
        : new SqliteWindowStore(file, { name, changelog, retentionMs });
      return new LoggedJoinWindowStore(name, inner, key, value, context, writer);
    }
    case "window": {
      const inner = new MemoryWindowKeyValueStore(retentionMs);
      return new LoggedWindowStore(name, inner, key, value, context, writer);
    }
    case "session": {
      const inner = new MemorySessionStore(retentionMs);
      return new LoggedSessionStore(name, inner, key, value, context, writer);
    }
    case "outer-join":
      return new OuterJoinStore(name, key, value, otherValue, context, writer);
    case "suppress":
      return new SuppressBuffer(name, key, value, context, writer);
  }
}

function makeKeyValueStore<K, V>(
  { def: { name, retentionMs }, changelog, key, value }: BoundStore,
  context: ProcessorContext,
  writer: ChangelogWriter | undefined,
  file: StateFile | undefined,
): LoggedKeyValueStore<K, V> {
  // An expired key leaves the changelog too: a compacted topic would keep it for ever.
  const onExpired = writer &&
    ((expired: KeyBytes, timestamp: number): void => writer.write(expired, null, 0, 0, timestamp));
  const inner = file === undefined
    ? new MemoryKeyValueStore(retentionMs, onExpired)
    : new SqliteKeyValueStore(file, { name, changelog, retentionMs, onExpired });
  return new LoggedKeyValueStore(name, inner, key, value, context, writer);
}
