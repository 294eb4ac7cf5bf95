import { DeserializationError, type Serde, serdeAround } from "../../serde/serde.ts";
import type { Change } from "../processors/table_group.ts";

/** The last byte says what comes before it. */
const OLD = 0;
const NEW = 1;
const BOTH = 2;

/**
 * Writes changes as Kafka Streams' `ChangedSerializer` does: the old value and a 0; the new value and a 1; or
 * the new value's length (a zigzag varint), the new value, the old value and a 2.
 */
export function changeSerde<V>(values: Serde<V>): Serde<Change<V>> {
  return serdeAround(values, (inner) => ({
    encode({ newValue, oldValue }: Change<V>, into: Uint8Array, at: number): number {
      if (newValue === null || oldValue === null) {
        const value = newValue ?? oldValue;
        if (value === null) {
          throw new TypeError("Cannot encode a change: received neither a new nor an old value");
        }
        const end = inner.encode(value, into, at);
        return end < 0 ? end - 1 : flag(into, end, newValue === null ? OLD : NEW);
      }
      // The length's own size is known only after the value: written behind a gap, then moved up to it.
      const end = inner.encode(newValue, into, at + MAX_VARINT_BYTES);
      if (end < 0) return end - 1;
      const from = putVarint(into, at, end - at - MAX_VARINT_BYTES);
      into.copyWithin(from, at + MAX_VARINT_BYTES, end);
      const oldEnd = inner.encode(oldValue, into, end - (at + MAX_VARINT_BYTES - from));
      return oldEnd < 0 ? oldEnd - 1 : flag(into, oldEnd, BOTH);
    },
    decode(bytes: Uint8Array, from: number, to: number): Change<V> {
      const kind = to > from ? bytes[to - 1] : undefined;
      if (kind === OLD) return { newValue: null, oldValue: inner.decode(bytes, from, to - 1) };
      if (kind === NEW) return { newValue: inner.decode(bytes, from, to - 1), oldValue: null };
      if (kind !== BOTH) {
        throw new DeserializationError(
          `Cannot decode a change: received ${
            kind === undefined ? "no bytes" : `the last byte ${kind}`
          }; expected 0, 1 or 2`,
        );
      }
      let length = 0;
      let at = from;
      for (let shift = 0, more = true; more; shift += 7) {
        const byte = bytes[at++]!;
        length |= (byte & 0x7f) << shift;
        more = byte >= 0x80 && shift < 28;
      }
      const middle = at + (length >>> 1);
      if (middle > to - 1) {
        throw new DeserializationError(
          `Cannot decode a change: received a new value of ${length >>> 1} bytes in ${to - from} bytes`,
        );
      }
      return { newValue: inner.decode(bytes, at, middle), oldValue: inner.decode(bytes, middle, to - 1) };
    },
  }));
}

const MAX_VARINT_BYTES = 5;

/** Returns the end. */
function putVarint(into: Uint8Array, at: number, value: number): number {
  // Zigzag, of what is never negative.
  let rest = value * 2;
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  into[at++] = rest;
  return at;
}

function flag(into: Uint8Array, at: number, kind: number): number {
  if (at >= into.length) return -1;
  into[at] = kind;
  return at + 1;
}
