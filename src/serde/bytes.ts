/**
 * HOT PATH. Text and numbers in a buffer, for the serdes that are made of them.
 *
 * @module
 */
import { utf8Length } from "./output.ts";
import { DeserializationError } from "./serde.ts";

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Writes text as UTF-8; returns what `Serde.encode` does. */
export function encodeUtf8(value: string, into: Uint8Array, at: number): number {
  // Short texts of ASCII, as most keys are, in place; encodeInto needs a view and a call into the runtime.
  if (value.length <= 32 && at + value.length <= into.length) {
    let i = 0;
    for (; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) break;
      into[at + i] = code;
    }
    if (i === value.length) return at + i;
  }
  const end = at + utf8Length(value);
  if (end > into.length) return into.length - end;
  utf8Encoder.encodeInto(value, into.subarray(at, end));
  return end;
}

/**
 * Reads text of UTF-8.
 *
 * @param what For the error, such as `a string`.
 * @throws {DeserializationError} When the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array, from: number, to: number, what: string): string {
  try {
    return utf8Decoder.decode(bytes.subarray(from, to));
  } catch (error) {
    throw new DeserializationError(`Cannot decode ${what}: the ${to - from} bytes are not UTF-8`, {
      cause: error,
    });
  }
}

/** Writes the low 32 bits, big-endian. */
export function writeInt32(value: number, into: Uint8Array, at: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Reads 32 bits with a sign, big-endian. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** The error for a value that a serde does not take. */
export function notOfType(what: string, value: unknown, cause?: unknown): TypeError {
  const received = typeof value === "object" && value !== null
    ? value.constructor?.name ?? "an object"
    : String(value);
  const why = cause instanceof Error ? `; ${cause.message}` : "";
  return new TypeError(`Cannot encode as ${what}: received ${received}${why}`, { cause });
}
