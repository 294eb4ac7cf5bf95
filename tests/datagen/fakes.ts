import { setImmediate } from "node:timers";
import type { Serde } from "../../src/serde/serde.ts";
import type { Clock } from "../../src/datagen/clock.ts";
import type { Log } from "../../src/kafka/port/log.ts";
import type { Producer, ProducerOptions } from "../../src/kafka/port/producer.ts";

/**
 * A clock on which time passes only by sleeping, and then at once. Sleeping for ever waits for the signal.
 * `onSleep` is told of the time after each sleep, to act in between.
 */
export class FakeClock implements Clock {
  time: number;
  onSleep: ((elapsedMs: number) => void) | undefined;
  readonly #start: number;

  constructor(start = 1_700_000_000_000) {
    this.time = this.#start = start;
  }

  now(): number {
    return Math.floor(this.time);
  }

  monotonic(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === Infinity && !signal?.aborted) {
      await new Promise<void>((resolve) =>
        signal!.addEventListener("abort", () => resolve(), { once: true })
      );
    } else if (!signal?.aborted) {
      // A whole turn, so that what others wait for can settle before time passes.
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
      if (!signal?.aborted) this.time += ms;
    }
    this.onSleep?.(this.time - this.#start);
  }
}

/** JSON as bytes: a serde that needs no schema. */
export function jsonSerde<T>(): Serde<T> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    encode(value, into, at) {
      const bytes = encoder.encode(JSON.stringify(value));
      if (at + bytes.length > into.length) return into.length - at - bytes.length;
      into.set(bytes, at);
      return at + bytes.length;
    },
    decode: (bytes, from, to) => JSON.parse(decoder.decode(bytes.subarray(from, to))),
  };
}

/** A log whose producer acknowledges nothing until it is told to, as a broker that is slow or gone. */
export function withProducer(log: Log, make: (options: ProducerOptions) => Producer): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === "producer") return (options: ProducerOptions = {}) => make(options);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
