/**
 * What an instance holds for its tasks and standbys, against what it may hold: that it says so, and what to
 * change, before the machine ends the process for want of memory.
 *
 * @module
 */
import { format as bytesText } from "@std/fmt/bytes";
import type { ManagedStore } from "../../state/managed_store.ts";
import { StateFullError } from "../../errors.ts";
import type { EngineLogger } from "../../record/handlers.ts";
import type { RecordQueue } from "../../task/record_queue.ts";

/** How often what is held is summed up, in ms: it takes some µs a store. */
const CHECK_MS = 100;
/**
 * The part of the budget above which a warning is logged, once until it is below {@linkcode CALM_PART} again.
 */
export const WARN_PART = 0.8;
const CALM_PART = 0.7;
/** How many stores an error names. */
const NAMED_STORES = 3;

/** What one store, of all tasks, takes. */
export interface HeldStore {
  readonly name: string;
  /** Bytes of memory that are held. */
  bytes: number;
  entries: number;
}

/** What is held in memory: capacity, not contents. */
export interface HeldState {
  /** Stores and queued records, in bytes. */
  readonly bytes: number;
  /** Fetched records that are not processed yet, with the buffers that they are in. */
  readonly queuedBytes: number;
  /** The stores, the largest first. */
  readonly stores: readonly HeldStore[];
  readonly tasks: number;
}

/** The part of a task that is looked at. */
export interface HoldingTask {
  readonly stores: ReadonlyMap<string, ManagedStore>;
  readonly queues: readonly RecordQueue[];
}

/** Sums up what tasks hold. */
export function heldState(tasks: Iterable<HoldingTask>): HeldState {
  const stores = new Map<string, HeldStore>();
  const buffers = new Set<ArrayBufferLike>();
  let queuedBytes = 0;
  let storeBytes = 0;
  let count = 0;
  for (const task of tasks) {
    count++;
    for (const store of task.stores.values()) storeBytes += add(stores, store);
    for (const queue of task.queues) queuedBytes += queue.held(buffers);
  }
  for (const { byteLength } of buffers) queuedBytes += byteLength;
  return {
    bytes: storeBytes + queuedBytes,
    queuedBytes,
    stores: [...stores.values()].sort((a, b) => b.bytes - a.bytes),
    tasks: count,
  };
}

function add(
  stores: Map<string, HeldStore>,
  { name, size, bytes, memoryBytes = bytes }: ManagedStore,
): number {
  let held = stores.get(name);
  if (held === undefined) stores.set(name, held = { name, bytes: 0, entries: 0 });
  held.bytes += memoryBytes;
  held.entries += size;
  return memoryBytes;
}

/** What a {@linkcode StateBudget} works with. */
export interface StateBudgetParts {
  /** `Infinity`: no limit, and nothing is looked at. */
  readonly maxBytes: number;
  readonly measure: () => HeldState;
  readonly logger: EngineLogger;
  /** A time that only goes forward, in ms. */
  readonly clock: () => number;
  /** Told when more is held than may be: each time that it is looked at, until it returns to the budget. */
  readonly onFull: (held: HeldState) => void;
}

/** Sums up what is held now and then, warns near the limit, and acts above it. */
export class StateBudget {
  readonly #parts: StateBudgetParts;
  #checkedAt = -Infinity;
  #warned = false;

  constructor(parts: StateBudgetParts) {
    this.#parts = parts;
  }

  /**
   * Looks whether the budget is kept, if it has not for some time: cheap enough to be called in every turn of
   * a loop.
   */
  check(): void {
    const { maxBytes, measure, clock, onFull } = this.#parts;
    if (maxBytes === Infinity) return;
    const now = clock();
    if (now - this.#checkedAt < CHECK_MS) return;
    this.#checkedAt = now;
    const held = measure();
    if (held.bytes > maxBytes) return onFull(held);
    if (held.bytes > maxBytes * WARN_PART) this.#warn(held);
    else if (held.bytes < maxBytes * CALM_PART) this.#warned = false;
  }

  #warn(held: HeldState): void {
    if (this.#warned) return;
    this.#warned = true;
    const { maxBytes, logger } = this.#parts;
    logger.warn(
      `State takes ${bytesText(held.bytes)} of the ${bytesText(maxBytes)} that it may: ${
        largest(held)
      }; ${REMEDIES}`,
    );
  }
}

const REMEDIES =
  "use more instances and partitions, a shorter retention, grace or join window (--retention, --grace), " +
  "stores on disk (--store sqlite, or --on-state-full disk), or a larger limit (--state-max-bytes)";

/** The error of an instance that holds more than it may. */
export function stateFull(held: HeldState, maxBytes: number): StateFullError {
  return new StateFullError(
    `Cannot hold more state: received ${bytesText(held.bytes)} in ${held.tasks} tasks, more than the ${
      bytesText(maxBytes)
    } of stateMaxBytes: ${largest(held)}; nothing was committed that was not processed; ${REMEDIES}`,
  );
}

function largest({ stores, queuedBytes }: HeldState): string {
  const named = stores.slice(0, NAMED_STORES).map(({ name, bytes, entries }) =>
    `${name} ${bytesText(bytes)} (${entries} entries)`
  );
  const others = stores.slice(NAMED_STORES).reduce((sum, { bytes }) => sum + bytes, 0);
  if (others > 0) named.push(`other stores ${bytesText(others)}`);
  return [...named, `queued records ${bytesText(queuedBytes)}`].join(", ");
}
