/**
 * Which message of a `.proto` file bytes hold: in Confluent's wire format a list of indexes comes after the
 * schema's id, that of the message in the file, then those of the messages nested in it.
 *
 * @module
 */
import type { Namespace, Type } from "protobufjs";
import { DeserializationError } from "../serde.ts";

/**
 * The indexes of a message of a file; `undefined` where it has none of that name. Only those are looked at
 * that lead to it: the names of all can be far longer together than the file.
 *
 * @param message Its name without the package, such as `Order.Item`.
 */
export function messageIndexes(
  scope: Namespace,
  message: string,
  isType: (object: unknown) => object is Type,
): readonly number[] | undefined {
  const indexes: number[] = [];
  let within = scope;
  for (const name of message.split(".")) {
    const types: Type[] = within.nestedArray.filter(isType);
    const index = types.findIndex((type) => type.name === name);
    if (index < 0) return undefined;
    indexes.push(index);
    within = types[index]!;
  }
  return indexes;
}

/**
 * A list of indexes as bytes: numbers as zigzag varints, their count first; the first message's is a zero
 * alone.
 */
export function encodeIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0);
  return Uint8Array.from([indexes.length, ...indexes].flatMap(zigzagVarint));
}

function zigzagVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest >>>= 7) bytes.push(rest & 0x7f | 0x80);
  return [...bytes, rest];
}

/** Reads the list of indexes of messages; one serves many. */
export class IndexReader {
  /** Where the message begins that the list is before. */
  at = 0;

  /**
   * Whether the list that begins at `from` is this one; {@linkcode at} is then where it ends.
   *
   * @throws {DeserializationError} When it goes on after the end.
   */
  matches(expected: readonly number[], bytes: Uint8Array, from: number, to: number): boolean {
    this.at = from;
    const count = this.#number(bytes, to);
    if (count === 0) return expected.length === 1 && expected[0] === 0;
    if (count !== expected.length) return false;
    for (let i = 0; i < count; i++) if (this.#number(bytes, to) !== expected[i]) return false;
    return true;
  }

  /** A zigzag varint of up to 28 bits, which are more than any file has messages. */
  #number(bytes: Uint8Array, to: number): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (this.at >= to) {
        throw new DeserializationError("Cannot decode a message: its indexes go on after its end");
      }
      const byte = bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte <= 0x7f) return value >>> 1 ^ -(value & 1);
    }
    throw new DeserializationError("Cannot decode a message: an index has more than 4 bytes");
  }
}
