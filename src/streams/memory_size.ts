/**
 * What memory an instance of the sessions topology takes at a load: `deno task size`, and the chart's
 * defaults. The stores' part is the stores' own arithmetic (`store_sizes.ts`), the buffers' the constants
 * that bound them; what the process itself takes was measured (docs/sizing.md).
 *
 * @module
 */
import { DEFAULT_FETCH_PARTITION_BYTES } from "../engine/task/config.ts";
import { BUFFER_BYTES, SLACK, TASK_BUFFER_BYTES } from "../engine/task/output_bounds.ts";
import { keyValueStoreBytes, windowStoreBytes } from "../engine/state/bytes/store_sizes.ts";
import { JOIN_DIFFERENCE_MS } from "./sessions_topology.ts";

/** What a process takes that has just started: Deno, V8 and the code. */
export const IDLE_PROCESS_BYTES = 120_000_000;
/**
 * What an instance takes at full speed besides its state: objects that are not collected yet, spare writers
 * of batches, sockets.
 */
export const WORKING_BYTES = 80_000_000;
/**
 * What stores take while they grow, as a part of them: a table that is doubled is there twice, and freed
 * memory is collected later.
 */
export const GROWTH_PART = 0.1;
/**
 * Fetched bytes that are held of a partition, in answers: two in its queue, one that waits and one that
 * comes.
 */
const ANSWERS_HELD = 4;

/** A load, of all instances together. */
export interface Load {
  /** Requests and responses together. */
  readonly recordsPerSecond: number;
  readonly instances: number;
  /** How many partitions each topic has. */
  readonly partitions: number;
  readonly graceMs: number;
  /** `Infinity` keeps sessions for ever, and no memory is enough. */
  readonly retentionMs: number;
  /** Bytes of a record's key. */
  readonly keyBytes: number;
  /** Bytes of a record's value. */
  readonly valueBytes: number;
  /** Bytes of a session. */
  readonly sessionBytes: number;
  /** Requests that have the same key: they are one session. */
  readonly framesPerSession: number;
  readonly processingGuarantee: "at_least_once" | "exactly_once";
  readonly cacheMaxBytes: number;
  /** How many other instances keep each task's stores too. */
  readonly standbyReplicas: number;
}

/** One part of an instance's memory. */
export interface SizePart {
  readonly name: string;
  /** How many entries a store has; left out of other parts. */
  readonly entries?: number;
  readonly bytes: number;
}

/** What an instance takes. */
export interface MemorySize {
  readonly stores: readonly SizePart[];
  readonly others: readonly SizePart[];
  /** What `--state-max-bytes` has to allow: stores, caches and queued records. */
  readonly stateBytes: number;
  readonly totalBytes: number;
}

/** Computes it, for the instance with most partitions. */
export function memorySize(load: Load): MemorySize {
  const tasks = Math.ceil(load.partitions / load.instances);
  const kept = tasks * (1 + load.standbyReplicas);
  const requestsPerTask = load.recordsPerSecond / 2 / load.partitions;
  const stores = storeParts(load, requestsPerTask).map(({ name, entries, bytes }) => ({
    name,
    entries: Math.round(entries! * kept),
    bytes: bytes * kept,
  }));
  const queued = tasks * 2 * ANSWERS_HELD * DEFAULT_FETCH_PARTITION_BYTES;
  const storeBytes = stores.reduce((sum, { bytes }) => sum + bytes, 0);
  const stateBytes = storeBytes + queued + load.cacheMaxBytes;
  const produced = load.processingGuarantee === "exactly_once" ? tasks * TASK_BUFFER_BYTES : BUFFER_BYTES;
  const others = [
    { name: "fetched records", bytes: queued },
    { name: "records to write", bytes: produced * (1 + SLACK) },
    { name: "cache of sessions", bytes: load.cacheMaxBytes },
    { name: "growth of stores", bytes: storeBytes * GROWTH_PART },
    { name: "work at full speed", bytes: WORKING_BYTES },
    { name: "idle process", bytes: IDLE_PROCESS_BYTES },
  ];
  return {
    stores,
    others,
    stateBytes,
    totalBytes: storeBytes + others.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The stores of one task. */
function storeParts(load: Load, requestsPerSecond: number): SizePart[] {
  const { keyBytes, valueBytes, retentionMs, sessionBytes, framesPerSession } = load;
  const windowMs = 2 * JOIN_DIFFERENCE_MS + load.graceMs;
  const window = {
    entries: requestsPerSecond * windowMs / 1000,
    bytes: windowStoreBytes({
      entriesPerSecond: requestsPerSecond,
      retentionMs: windowMs,
      keyBytes,
      valueBytes,
    }),
  };
  const sessions = Math.ceil(requestsPerSecond / framesPerSession * retentionMs / 1000);
  return [
    { name: "requests to join", ...window },
    { name: "responses to join", ...window },
    {
      name: "sessions",
      entries: sessions,
      bytes: keyValueStoreBytes({ entries: sessions, keyBytes, valueBytes: sessionBytes, expires: true }),
    },
  ];
}
