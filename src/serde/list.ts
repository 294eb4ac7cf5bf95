import { notOfType, readInt32, writeInt32 } from "./bytes.ts";
import { float32Serde, float64Serde, int16Serde, int32Serde, int64Serde, uuidSerde } from "./primitives.ts";
import { DeserializationError, type Serde, serdeAround } from "./serde.ts";

/**
 * The first byte of a list whose items all have one size, and of a list that has each item's size before it.
 */
const CONSTANT_SIZE = 0;
const VARIABLE_SIZE = 1;

/** Items of constant size, as Kafka's `ListSerializer` has them (a boolean is not among them). */
const CONSTANT_SIZES: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [int16Serde(), 2],
  [int32Serde(), 4],
  [float32Serde(), 4],
  [int64Serde(), 8],
  [float64Serde(), 8],
  [uuidSerde(), 36],
]);

/**
 * A list, like Kafka's `ListSerializer` around the serializer of its items; an item may be null.
 *
 * @param items The serde of the items, bound to the list's topic where it depends on one.
 *
 * @example
 * ```ts
 * import { EncodeBuffer, listSerde, stringSerde } from "./mod.ts";
 *
 * const names = listSerde(stringSerde());
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(names, ["Ann", null, "Bob"], 0);
 * console.log(names.decode(buffer.bytes, 0, end)); // [ "Ann", null, "Bob" ]
 * ```
 */
export function listSerde<T>(items: Serde<T>): Serde<(T | null)[]> {
  const size = CONSTANT_SIZES.get(items);
  return serdeAround<T, (T | null)[]>(items, (bound) => ({
    encode(value, into, at) {
      if (!Array.isArray(value)) throw notOfType("a list", value);
      return size === undefined
        ? encodeVariable(bound, value, into, at)
        : encodeConstant(bound, size, value, into, at);
    },
    decode: (bytes, from, to) => new ListReader(bytes, from, to).read(bound, size),
  }));
}

function encodeConstant<T>(
  items: Serde<T>,
  size: number,
  value: readonly (T | null)[],
  into: Uint8Array,
  at: number,
): number {
  const nulls = value.flatMap((item, i) => item === null ? [i] : []);
  const end = at + 1 + 4 * (nulls.length + 2) + size * (value.length - nulls.length);
  if (end > into.length) return into.length - end;
  into[at++] = CONSTANT_SIZE;
  for (const number of [nulls.length, ...nulls, value.length]) {
    writeInt32(number, into, at);
    at += 4;
  }
  for (const item of value) if (item !== null) at = items.encode(item, into, at);
  return at;
}

function encodeVariable<T>(
  items: Serde<T>,
  value: readonly (T | null)[],
  into: Uint8Array,
  at: number,
): number {
  const start = at + 5;
  // A lower bound of what is missing: each item has its size before it.
  const least = start + 4 * value.length;
  if (least > into.length) return into.length - least;
  into[at] = VARIABLE_SIZE;
  writeInt32(value.length, into, at + 1);
  let end = start;
  for (const item of value) {
    const from = end + 4;
    if (from > into.length) return into.length - from;
    end = item === null ? from : items.encode(item, into, from);
    if (end < 0) return end;
    writeInt32(item === null ? -1 : end - from, into, from - 4);
  }
  return end;
}

/** Reads one list, never past its end whatever sizes its bytes claim. */
class ListReader {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  read<T>(items: Serde<T>, size: number | undefined): (T | null)[] {
    const constant = this.#constantSize(size);
    const nulls = constant === undefined ? NO_INDEXES : this.#nulls();
    const count = this.#count(constant ?? 4, nulls.size);
    const list: (T | null)[] = [];
    for (let i = 0; i < count; i++) {
      const length = nulls.has(i) ? -1 : constant ?? this.#int();
      list.push(length === -1 ? null : this.#item(items, length));
    }
    if (this.#at < this.#to) throw malformed(`received ${this.#to - this.#at} bytes more than the list has`);
    return list;
  }

  #constantSize(size: number | undefined): number | undefined {
    if (this.#at >= this.#to) throw malformed("received no bytes");
    const strategy = this.#bytes[this.#at++]!;
    if (strategy === VARIABLE_SIZE) return undefined;
    if (strategy !== CONSTANT_SIZE) {
      throw malformed(`received ${strategy} as the first byte; expected is 0 or 1`);
    }
    if (size !== undefined) return size;
    throw malformed("received a list of items of constant size; this serde's items have none");
  }

  #nulls(): ReadonlySet<number> {
    const count = this.#count(4, 0);
    const indexes = new Set<number>();
    for (let i = 0; i < count; i++) indexes.add(this.#int());
    return indexes;
  }

  /** A number of items, of which `free` take no bytes and the others at least `least` each. */
  #count(least: number, free: number): number {
    const count = this.#int();
    const left = this.#to - this.#at;
    if (count < 0 || (count - free) * least > left) {
      throw malformed(`it says that it has ${count} items, ${left} bytes are left`);
    }
    return count;
  }

  #item<T>(items: Serde<T>, length: number): T {
    const from = this.#at;
    if (length < 0 || length > this.#to - from) {
      throw malformed(`an item of ${length} bytes is announced, ${this.#to - from} bytes are left`);
    }
    this.#at = from + length;
    return items.decode(this.#bytes, from, this.#at);
  }

  #int(): number {
    if (this.#to - this.#at < 4) throw malformed(`a number needs 4 bytes, ${this.#to - this.#at} are left`);
    this.#at += 4;
    return readInt32(this.#bytes, this.#at - 4);
  }
}

const NO_INDEXES: ReadonlySet<number> = new Set();

function malformed(why: string): DeserializationError {
  return new DeserializationError(`Cannot decode a list: ${why}`);
}
