/**
 * HOT PATH. Aggregates by key and session, as Kafka Streams' `KStreamSessionWindowAggregate` does: a record
 * joins the sessions that are within the gap into one, which takes their place; each session that is gone
 * goes out as `null` first.
 *
 * @module
 */
import { NO_HEADERS } from "../../kafka/port/record_set.ts";
import type { SessionWindows } from "../windows/session_windows.ts";
import { Windowed } from "../windows/windowed.ts";
import type { SessionStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";
import type { WindowAggregation } from "./window_aggregate.ts";

/** What an aggregation by sessions does. */
export interface SessionAggregation<K, V, A> extends WindowAggregation<K, V, A> {
  /** Joins the aggregates of two sessions; the first may be what the initializer gave. */
  readonly merger: (key: K, aggregate: A | null, other: A) => A | null;
}

/** Keeps an aggregate a session. Records without a key are dropped and counted. */
export class SessionAggregate<K, V, A> extends Processor<K, V> {
  readonly #storeName: string;
  readonly #aggregation: SessionAggregation<K, V, A>;
  readonly #gapMs: number;
  readonly #graceMs: number;
  #store!: SessionStore<K, A>;
  #observedTime = -1;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: A[] = [];

  constructor(
    storeName: string,
    { inactivityGapMs, graceMs }: SessionWindows,
    aggregation: SessionAggregation<K, V, A>,
  ) {
    super();
    this.#storeName = storeName;
    this.#aggregation = aggregation;
    this.#gapMs = inactivityGapMs;
    this.#graceMs = graceMs;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<SessionStore<K, A>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { context } = this;
    if (key === null) {
      context.stats.dropped.null_key++;
      return;
    }
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
    const closeTime = this.#observedTime - this.#graceMs - this.#gapMs;
    const store = this.#store;
    const { initializer, aggregator, merger } = this.#aggregation;
    let start = timestamp;
    let end = timestamp;
    let aggregate = initializer();
    const found = store.find(key, timestamp - this.#gapMs, timestamp + this.#gapMs);
    for (let i = 0; i < found; i++) {
      const merged = this.#values[i] = store.valueAt(i);
      this.#starts[i] = store.startAt(i);
      this.#ends[i] = store.endAt(i);
      aggregate = merger(key, aggregate, merged);
      start = Math.min(start, this.#starts[i]!);
      end = Math.max(end, this.#ends[i]!);
    }
    if (end < closeTime) {
      context.stats.dropped.late++;
      return;
    }
    // In Kafka Streams, too, a session has no one record whose headers it could go on with.
    const headers = context.origin.replaceHeaders(NO_HEADERS);
    if (start !== timestamp || end !== timestamp) {
      for (let i = 0; i < found; i++) {
        store.put(key, this.#starts[i]!, this.#ends[i]!, null, timestamp);
        this.forward(
          new Windowed(key, this.#starts[i]!, this.#ends[i]!),
          null,
          this.#ends[i]!,
          this.#values[i]!,
        );
      }
    }
    aggregate = aggregator(key, value, aggregate);
    store.put(key, start, end, aggregate, timestamp);
    this.forward(new Windowed(key, start, end), aggregate, end, null);
    context.origin.replaceHeaders(headers);
  }
}
