/**
 * The steps that wait for a promise.
 *
 * @module
 */
import { messageOf } from "../../kafka/port/errors.ts";
import { ProcessingError } from "../errors.ts";
import type { CallingStep, InputPositions } from "../record/async_calls.ts";
import type { KeptOrigin } from "../record/record_origin.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** What an asynchronous step is made of. */
export interface MapAsyncOptions<K, V, R> {
  /** Begins the work for a record. */
  readonly call: (key: K, value: V, signal: AbortSignal) => Promise<R> | R;
  /** Gives the record that goes on. */
  readonly result: (key: K, result: R) => readonly [key: unknown, value: unknown];
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** A record that has gone in and not come out. */
interface Call<K, V, R> {
  readonly key: K;
  readonly value: V;
  readonly timestamp: number;
  readonly origin: KeptOrigin;
  readonly positions: InputPositions;
  /** Undefined until the work begins. */
  work: { readonly abort: AbortController; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  outcome: { readonly result: R } | { readonly error: unknown } | undefined;
}

/**
 * Begins the work of each record at once, as long as fewer than so many are at work, and hands the results on
 * in the order of the records. Where a step before it gives more than that for one record, the rest waits
 * here.
 */
export class MapAsync<K, V, R> extends Processor<K, V> implements CallingStep {
  readonly #options: MapAsyncOptions<K, V, R>;
  /** In the order in which they came; those whose work has not begun are the last. */
  readonly #calls: Call<K, V, R>[] = [];
  /** How many of them, from the oldest on, have begun their work. */
  #begun = 0;
  #working = 0;
  #closed = false;

  constructor(options: MapAsyncOptions<K, V, R>) {
    super();
    this.#options = options;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.context.calls.add(this);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { origin, calls } = this.context;
    const positions = calls.positions();
    this.#calls.push({
      key,
      value,
      timestamp,
      origin: origin.keep(),
      positions,
      work: undefined,
      outcome: undefined,
    });
    this.#beginMore();
    calls.counted();
  }

  override close(): void {
    this.#closed = true;
    for (const { work, outcome } of this.#calls.splice(0)) {
      if (work === undefined || outcome !== undefined) continue;
      clearTimeout(work.timer);
      work.abort.abort(new Error(`the task of ${this.name} has ended`));
    }
    this.context.calls.counted();
  }

  get underWay(): number {
    return this.#calls.length;
  }

  get full(): boolean {
    return this.#calls.length >= this.#options.concurrency;
  }

  get ready(): boolean {
    return this.#calls[0]?.outcome !== undefined;
  }

  *positions(): Generator<InputPositions> {
    for (const { positions } of this.#calls) yield positions;
  }

  get waitsFor(): string | undefined {
    const oldest = this.#calls[0];
    if (oldest === undefined || oldest.outcome !== undefined) return undefined;
    return `for ${this.#working} promises of ${this.name}, the oldest of ${this.#placeOf(oldest)}`;
  }

  get oldest(): string | undefined {
    const oldest = this.#calls[0];
    if (oldest === undefined) return undefined;
    const { origin: { topic, offset } } = oldest;
    return `offset ${offset} of ${topic}-${this.context.partition} in task ${this.context.taskId}`;
  }

  take(): void {
    const call = this.#calls[0]!;
    const { origin, encoded, calls } = this.context;
    origin.comeBack(call.origin);
    encoded.forgetKey();
    encoded.forgetValue();
    calls.from = call.positions;
    try {
      this.#goOn(call);
    } finally {
      calls.from = undefined;
    }
    this.#calls.shift();
    this.#begun--;
    calls.counted();
  }

  #goOn({ key, value, timestamp, outcome }: Call<K, V, R>): void {
    if ("error" in outcome!) return this.#failed(key, value, timestamp, outcome.error);
    const mapped = this.#mapped(key, outcome!.result);
    if (mapped instanceof Error) return this.#failed(key, value, timestamp, mapped);
    this.forward(mapped[0], mapped[1], timestamp, null);
  }

  /** What is no record to go on with is the call's fault, not that of a step after it. */
  #mapped(key: K, result: R): readonly [key: unknown, value: unknown] | Error {
    try {
      return this.#options.result(key, result);
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  #failed(key: K, value: V, timestamp: number, error: unknown): void {
    const { name } = this;
    if (this.guarded) return this.context.failures.processing(name, key, value, timestamp, error);
    throw new ProcessingError(
      `Cannot process ${this.#placeOf(this.#calls[0]!)}: ${name} threw: ${messageOf(error)}`,
      { cause: error },
    );
  }

  #placeOf({ origin: { topic, offset } }: Call<K, V, R>): string {
    const { taskId, partition } = this.context;
    const what = topic === undefined
      ? "what no record led to"
      : `the record at offset ${offset} of ${topic}-${partition}`;
    return `${what} in task ${taskId}`;
  }

  #beginMore(): void {
    if (this.#closed) return;
    while (this.#working < this.#options.concurrency && this.#begun < this.#calls.length) {
      this.#begin(this.#calls[this.#begun++]!);
    }
  }

  #begin(call: Call<K, V, R>): void {
    const { timeoutMs } = this.#options;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const error = new Error(`its promise was not settled within ${timeoutMs} ms`);
      this.#settle(call, { error });
      abort.abort(error);
    }, timeoutMs);
    call.work = { abort, timer };
    this.#working++;
    // What the function throws at once is what its promise would be rejected with.
    new Promise<R>((resolve) => resolve(this.#options.call(call.key, call.value, abort.signal))).then(
      (result) => this.#settle(call, { result }),
      (error) => this.#settle(call, { error }),
    );
  }

  #settle(call: Call<K, V, R>, outcome: NonNullable<Call<K, V, R>["outcome"]>): void {
    if (call.outcome !== undefined || this.#closed) return;
    call.outcome = outcome;
    clearTimeout(call.work!.timer);
    this.#working--;
    this.#beginMore();
    if (this.#calls[0] === call) this.context.calls.settled();
  }
}
