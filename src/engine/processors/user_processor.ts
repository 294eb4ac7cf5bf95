/**
 * Processors that a program writes itself, with stores and punctuators.
 *
 * @module
 */
import { NO_HEADERS, type RecordHeaders } from "../../kafka/port/record_set.ts";
import { blame } from "../record/blame.ts";
import type { PunctuationType } from "../record/punctuators.ts";
import type { KeyValueStore } from "../state/stores.ts";
import { type Ignored, refuseAsync, settled, synchronous1 } from "./callbacks.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** A record as a {@linkcode UserProcessor} gets it. */
export interface ProcessorRecord<K, V> {
  /** The key, decoded. */
  readonly key: K;
  /** The value, decoded. */
  readonly value: V;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The headers, in their order. */
  readonly headers: RecordHeaders;
}

/** Where a record came from. */
export interface RecordMetadata {
  /** The topic that it was read from. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** The record's offset in the partition. */
  readonly offset: number;
}

/** What a {@linkcode UserProcessor} can do besides taking records. */
export interface UserProcessorContext<K, V> {
  /** Hands a record to the next steps. Without headers it has none, as in Kafka Streams. */
  forward(
    record: {
      readonly key: K;
      readonly value: V;
      readonly timestamp: number;
      readonly headers?: RecordHeaders;
    },
  ): void;
  /**
   * A store that was named to `KStream.process`.
   * @throws {Error} When it was not.
   */
  // deno-lint-ignore no-explicit-any -- the caller knows the types of its own store
  getStateStore<S = KeyValueStore<any, any>>(name: string): S;
  /**
   * Asks for calls at intervals: in stream time from the first record on, in the machine's time after one
   * interval.
   *
   * @returns Ends the calls.
   * @throws {RangeError} When the interval is below 1 ms.
   */
  schedule(intervalMs: number, type: PunctuationType, call: (timestampMs: number) => Ignored): () => void;
  /**
   * The largest timestamp of the records that the task has taken, in ms since the epoch; −1 before the first.
   */
  readonly currentStreamTimeMs: number;
  /** The time of the machine, in ms since the epoch. */
  readonly currentSystemTimeMs: number;
  /**
   * Where the current record came from; `undefined` in a punctuator (in Kafka Streams one without a topic).
   */
  readonly recordMetadata: RecordMetadata | undefined;
}

/**
 * A processor that a program writes itself: for what no step of the DSL does.
 *
 * @example A running maximum, handed on every ten seconds of stream time
 * ```ts
 * import { int64Serde, StreamsBuilder, stringSerde } from "../../../mod.ts";
 * import type { UserProcessorContext } from "../../../mod.ts";
 *
 * const serdes = { key: stringSerde(), value: int64Serde() };
 * const builder = new StreamsBuilder();
 * builder.addStore({ name: "largest", ...serdes });
 * builder.stream("numbers", serdes).process(() => {
 *   let context: UserProcessorContext<string, number>;
 *   return {
 *     init(given) {
 *       context = given;
 *       const store = context.getStateStore("largest");
 *       context.schedule(10_000, "stream-time", (timestamp) => {
 *         for (const { key, value } of store.entries()) context.forward({ key, value, timestamp });
 *       });
 *     },
 *     process({ key, value, timestamp }) {
 *       const store = context.getStateStore("largest");
 *       store.put(key, Math.max(value, store.get(key) ?? value), timestamp);
 *     },
 *   };
 * }, { stores: ["largest"] }).to("largest-numbers", serdes);
 * builder.build();
 * ```
 */
export interface UserProcessor<K, V, K2, V2> {
  /** Called once a task, before the first record. */
  init?(context: UserProcessorContext<K2, V2>): Ignored;
  /**
   * Called for each record, in the order in which the task takes them. What it returns is not waited for, so
   * that it must not be a promise.
   */
  process(record: ProcessorRecord<K, V>): Ignored;
  /** Called when the task ends. */
  close?(): Ignored;
}

/** Runs a {@linkcode UserProcessor} in a topology. */
export class UserProcessorNode<K, V, K2, V2> extends Processor<K, V> {
  readonly #user: UserProcessor<K, V, K2, V2>;

  constructor(user: UserProcessor<K, V, K2, V2>) {
    super();
    for (const method of ["init", "process", "close"] as const) {
      refuseAsync(`the ${method} of a processor`, user[method]);
    }
    this.#user = user;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    const { context } = init;
    const begun = this.#user.init?.({
      forward: (record) => {
        const before = context.origin.replaceHeaders(record.headers ?? NO_HEADERS);
        // The program may have changed the same object since it was encoded last.
        context.encoded.forgetValue();
        this.forward(record.key, record.value, record.timestamp, null);
        context.origin.replaceHeaders(before);
      },
      getStateStore: <S>(name: string): S => init.store<S>(name),
      schedule: (intervalMs, type, call) => {
        const called = synchronous1("the call of a punctuator", call);
        return context.punctuators.schedule(intervalMs, type, (timestampMs) => {
          try {
            called(timestampMs);
          } catch (error) {
            blame(error, `a punctuator of ${this.name}`);
            throw error;
          }
        });
      },
      get currentStreamTimeMs(): number {
        return context.streamTime;
      },
      get currentSystemTimeMs(): number {
        return context.now();
      },
      get recordMetadata(): RecordMetadata | undefined {
        const { partition, origin: { topic, offset } } = context;
        return topic === undefined ? undefined : { topic, partition, offset };
      },
    });
    settled("the init of a processor", begun);
  }

  override process(key: K, value: V, timestamp: number): void {
    const done = this.#user.process({ key, value, timestamp, headers: this.context.origin.headers });
    settled("the process of a processor", done);
  }

  override close(): void {
    settled("the close of a processor", this.#user.close?.());
  }
}
