/**
 * HOT PATH. The left and outer joins of two streams within a window of time: a record that has found no
 * partner when its window has closed goes on alone. The rules, and when they are looked at, are those of
 * Kafka Streams' `KStreamKStreamJoin`.
 *
 * @module
 */
import type { ProcessorContext } from "../record/processor_context.ts";
import type { OuterJoinEntry, OuterJoinStore } from "../state/typed/outer_join_store.ts";
import type { JoinWindowStore } from "../state/stores.ts";
import { FanOut } from "./fan_out.ts";
import type { ProcessorInit } from "./processor.ts";

/** What both sides of a join in one task know of time. */
class TimeTracker {
  /** The latest record of either side, in ms since the epoch. */
  streamTime = -1;
  /** No kept record can be older; `Infinity` when there may be none. */
  minTime: number = Infinity;
  /** When records without a partner are looked for next, in ms of the machine's time. */
  nextTimeToEmit = 0;
}

/** Gives each task the one tracker that both of its sides share. */
export class TimeTrackers {
  readonly #trackers = new WeakMap<ProcessorContext, TimeTracker>();

  of(context: ProcessorContext): TimeTracker {
    let tracker = this.#trackers.get(context);
    if (tracker === undefined) this.#trackers.set(context, tracker = new TimeTracker());
    return tracker;
  }
}

/** What one side of the join is made of; times in ms. */
export interface OuterJoinSide {
  /** Whether it is the left side. */
  readonly left: boolean;
  /** Whether its records go on without a partner. */
  readonly outer: boolean;
  readonly otherStore: string;
  readonly outerStore: string;
  /** How much earlier than the left side's record the right one may be. */
  readonly beforeMs: number;
  /** How much later than the left side's record the right one may be. */
  readonly afterMs: number;
  readonly graceMs: number;
  readonly trackers: TimeTrackers;
}

/** One side of the join. */
export class OuterStreamJoin<K, V, O, R> extends FanOut<K, V> {
  readonly #side: OuterJoinSide;
  /** How much earlier than this side's record the other side's may be, in ms. */
  readonly #beforeMs: number;
  /** How much later it may be, in ms. */
  readonly #afterMs: number;
  readonly #joiner: (value: V | null, other: O | null, key: K) => R;
  #other!: JoinWindowStore<K, O>;
  #unmatched!: OuterJoinStore<K, unknown, unknown>;
  #tracker!: TimeTracker;
  /** How many of the other side's records the current one has found, and which is next. */
  #found = 0;
  #next = 0;

  constructor(side: OuterJoinSide, joiner: (value: V | null, other: O | null, key: K) => R) {
    super();
    this.#side = side;
    this.#beforeMs = side.left ? side.beforeMs : side.afterMs;
    this.#afterMs = side.left ? side.afterMs : side.beforeMs;
    this.#joiner = joiner;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    const { otherStore, outerStore, trackers } = this.#side;
    this.#other = init.store<JoinWindowStore<K, O>>(otherStore);
    this.#unmatched = init.store<OuterJoinStore<K, unknown, unknown>>(outerStore);
    this.#tracker = trackers.of(init.context);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { context } = this;
    const { left, outer } = this.#side;
    const tracker = this.#tracker;
    if (timestamp > tracker.streamTime) tracker.streamTime = timestamp;
    if (outer && key === null && value !== null) {
      this.#emit(key, value, null, timestamp);
      return;
    }
    if (key === null || value === null) {
      context.stats.dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    if (timestamp === tracker.streamTime) context.unpaused(this.#emitUnmatchedHere);
    const to = Math.max(0, timestamp + this.#afterMs);
    this.#found = this.#other.fetch(key, Math.max(0, timestamp - this.#beforeMs), to);
    this.#next = 0;
    if (this.#found > 0) return this.goOn(key, value, timestamp);
    if (!outer) return;
    // What is this late may be out of reach when its turn would come: it goes on at once.
    if (to < tracker.streamTime) this.#emit(key, value, null, timestamp);
    else {
      if (timestamp < tracker.minTime) tracker.minTime = timestamp;
      if (left) this.#unmatched.putLeft(key, timestamp, value);
      else this.#unmatched.putRight(key, timestamp, value);
    }
  }

  protected override goOn(key: K, value: V, timestamp: number): void {
    const { left } = this.#side;
    const other = this.#other;
    const found = this.#found;
    // In a field, so that nothing is forwarded twice when a step throws and is tried again.
    for (; this.#next < found; this.#next++) {
      const i = this.#next;
      if (i > 0 && this.pausing) return this.pause(key, value, timestamp);
      // Read before forwarding: what follows may use the store again.
      const otherTimestamp = other.timestampAt(i);
      const otherValue = other.valueAt(i);
      this.#unmatched.remove(key, otherTimestamp, !left);
      this.#emit(key, value, otherValue, otherTimestamp > timestamp ? otherTimestamp : timestamp);
    }
  }

  /** Made once: it is called for most records. */
  readonly #emitUnmatchedHere = (): void => this.#emitUnmatched();

  /** Lets those go on alone whose windows have closed. */
  #emitUnmatched(): void {
    const { graceMs, beforeMs, afterMs } = this.#side;
    const tracker = this.#tracker;
    const { streamTime } = tracker;
    // In Java, the largest time plus anything is in the past: with none kept, looking counts for the interval
    // all the same.
    const oldest = tracker.minTime === Infinity && this.#afterMs + graceMs > 0 ? -Infinity : tracker.minTime;
    if (oldest + this.#afterMs + graceMs >= streamTime) return;
    const now = this.context.now();
    if (now < tracker.nextTimeToEmit) return;
    tracker.nextTimeToEmit = now + this.context.outerJoinIntervalMs;
    tracker.minTime = Infinity;
    const emitted: OuterJoinEntry[] = [];
    let leftOpen = false;
    let rightOpen = false;
    for (const entry of this.#unmatched.entries()) {
      if (entry.removed) continue;
      const { timestamp, left } = entry;
      tracker.minTime = timestamp;
      if (leftOpen && rightOpen) break;
      if (timestamp + (left ? afterMs : beforeMs) + graceMs >= streamTime) {
        if (left) leftOpen = true;
        else rightOpen = true;
        // Kafka Streams looks at each value: the second one of this key ends its search.
        if (leftOpen && rightOpen && entry.values.length > 1) break;
        continue;
      }
      this.#emitAlone(entry);
      emitted.push(entry);
    }
    // After all have gone on: should one fail, none is lost.
    for (const entry of emitted) this.#unmatched.removeEntry(entry);
  }

  #emitAlone(entry: OuterJoinEntry): void {
    const unmatched = this.#unmatched;
    const key = unmatched.keyOf(entry);
    for (const bytes of entry.values) {
      const value = entry.left ? unmatched.leftValue(bytes) : unmatched.rightValue(bytes);
      if (entry.left === this.#side.left) this.#emit(key, value as V, null, entry.timestamp);
      else this.#emit(key, null, value as O, entry.timestamp);
    }
  }

  #emit(key: K, value: V | null, other: O | null, timestamp: number): void {
    this.context.encoded.forgetValue();
    this.forward(key, this.#joiner(value, other, key), timestamp, null);
  }
}
