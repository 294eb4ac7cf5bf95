/**
 * HOT PATH. The steps that can change a record's key: what follows may belong to another task.
 *
 * @module
 */
import { IterableFanOut } from "./fan_out.ts";
import { Processor } from "./processor.ts";

/** Replaces key and value. */
export class MapRecord<K, V, K2, V2> extends Processor<K, V> {
  readonly #mapper: (key: K, value: V) => readonly [K2, V2];
  constructor(mapper: (key: K, value: V) => readonly [K2, V2]) {
    super();
    this.#mapper = mapper;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    this.context.encoded.forgetValue();
    const mapped = this.#mapper(key, value);
    this.forward(mapped[0], mapped[1], timestamp, null);
  }
}

/** Replaces a record by several, or none. */
export class FlatMap<K, V, K2, V2> extends IterableFanOut<K, V, readonly [K2, V2]> {
  readonly #mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>;
  constructor(mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>) {
    super();
    this.#mapper = mapper;
  }
  override process(key: K, value: V, timestamp: number): void {
    this.begin(this.#mapper(key, value), 0, key, value, timestamp);
  }
  protected override forwardEach(_key: K, each: readonly [K2, V2], timestamp: number): void {
    this.context.encoded.forgetValue();
    this.forward(each[0], each[1], timestamp, null);
  }
}

/** Replaces the key. */
export class SelectKey<K, V, K2> extends Processor<K, V> {
  readonly #selector: (key: K, value: V) => K2;
  constructor(selector: (key: K, value: V) => K2) {
    super();
    this.#selector = selector;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    this.forward(this.#selector(key, value), value, timestamp, null);
  }
}
