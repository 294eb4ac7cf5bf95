/**
 * HOT PATH. The base of processors that may forward many records for one, and can pause in between.
 *
 * @module
 */
import type { PausedStep } from "../record/pauses.ts";
import { Processor } from "./processor.ts";

/** A processor that looks, before each record that it forwards, whether to go on later. */
export abstract class FanOut<K, V> extends Processor<K, V> implements PausedStep {
  #key!: K;
  #value!: V;
  #timestamp = 0;

  override get resumable(): boolean {
    return true;
  }

  resume(): void {
    this.goOn(this.#key, this.#value, this.#timestamp);
  }

  failed(error: unknown): void {
    if (!this.guarded) throw error;
    this.context.failures.processing(this.name, this.#key, this.#value, this.#timestamp, error);
  }

  /** Whether to pause before forwarding more. */
  protected get pausing(): boolean {
    const { context } = this;
    return context.pauses.any || (this.mayPause && context.full);
  }

  /**
   * Pauses: {@linkcode goOn} is called with the same record later. Where it is in it, the processor keeps
   * itself.
   */
  protected pause(key: K, value: V, timestamp: number): void {
    this.#key = key;
    this.#value = value;
    this.#timestamp = timestamp;
    this.context.pauses.add(this);
  }

  /** Does what was left when it paused. */
  protected abstract goOn(key: K, value: V, timestamp: number): void;
}

/** A processor that forwards what an iterable gives, lazily. */
export abstract class IterableFanOut<K, V, R> extends FanOut<K, V> {
  #rest!: Iterator<R>;
  /**
   * What is to be forwarded next: noted before, so that nothing is left out when that throws and is tried
   * again.
   */
  #next!: IteratorResult<R>;

  /** Forwards what an iterable gives, from one of its values on. */
  protected begin(values: Iterable<R>, from: number, key: K, value: V, timestamp: number): void {
    this.#rest = values[Symbol.iterator]();
    this.#next = this.#rest.next();
    for (let i = 0; i < from; i++) this.#next = this.#rest.next();
    if (from > 0) return this.pause(key, value, timestamp);
    this.goOn(key, value, timestamp);
  }

  protected override goOn(key: K, value: V, timestamp: number): void {
    while (!this.#next.done) {
      this.forwardEach(key, this.#next.value, timestamp);
      this.#next = this.#rest.next();
      if (!this.#next.done && this.pausing) return this.pause(key, value, timestamp);
    }
  }

  /** Forwards one of the values. */
  protected abstract forwardEach(key: K, each: R, timestamp: number): void;
}
