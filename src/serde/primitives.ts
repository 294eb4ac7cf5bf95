/**
 * Serdes of simple types, byte for byte those of Kafka's Java clients.
 *
 * @module
 */
import { utf8Length } from "./output.ts";
import { DeserializationError, type Serde } from "./serde.ts";

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Text as UTF-8, like Kafka's `StringSerializer`. Half of a surrogate pair is written as U+FFFD; bytes that
 * are no UTF-8 don't decode.
 */
export function stringSerde(): Serde<string> {
  return STRING;
}

const STRING: Serde<string> = {
  encode(value, into, at) {
    if (typeof value !== "string") throw notOfType("a string", value);
    return encodeUtf8(value, into, at);
  },
  decode(bytes, from, to) {
    return decodeUtf8(bytes, from, to, "a string");
  },
};

/** Bytes as they are. */
export function bytesSerde(): Serde<Uint8Array> {
  return BYTES;
}

const BYTES: Serde<Uint8Array> = {
  encode(value, into, at) {
    if (!(value instanceof Uint8Array)) throw notOfType("bytes", value);
    const end = at + value.length;
    if (end > into.length) return into.length - end;
    into.set(value, at);
    return end;
  },
  decode(bytes, from, to) {
    return bytes.slice(from, to);
  },
};

/**
 * JSON as UTF-8. What JSON leaves out or changes (undefined, functions, dates) comes back so.
 *
 * @param check Turns what was parsed into a value of the type, or throws what is wrong with it. Default: it
 * is taken as it is.
 *
 * @example
 * ```ts
 * import { jsonSerde } from "./primitives.ts";
 * import { EncodeBuffer } from "./serde.ts";
 *
 * const serde = jsonSerde<{ lives: number }>();
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(serde, { lives: 3 }, 0);
 * console.log(serde.decode(buffer.bytes, 0, end).lives); // 3
 * ```
 */
export function jsonSerde<T>(check: (value: unknown) => T = (value) => value as T): Serde<T> {
  return {
    encode(value, into, at) {
      let text: string | undefined;
      try {
        text = JSON.stringify(value);
      } catch (error) {
        throw notOfType("JSON", value, error);
      }
      if (text === undefined) throw notOfType("JSON", value);
      return encodeUtf8(text, into, at);
    },
    decode(bytes, from, to) {
      const text = decodeUtf8(bytes, from, to, "JSON");
      try {
        return check(JSON.parse(text));
      } catch (error) {
        const received = text.length > 80 ? text.slice(0, 79) + "…" : text;
        const why = error instanceof Error ? error.message : String(error);
        throw new DeserializationError(`Cannot decode JSON: received ${received || "nothing"}; ${why}`, {
          cause: error,
        });
      }
    },
  };
}

/** A whole number of 32 bits, big-endian, like Kafka's `IntegerSerializer`. */
export function int32Serde(): Serde<number> {
  return INT32;
}

const INT32: Serde<number> = {
  encode(value, into, at) {
    if ((value | 0) !== value) throw notOfType("a whole number of 32 bits", value);
    if (at + 4 > into.length) return into.length - at - 4;
    writeInt32(value, into, at);
    return at + 4;
  },
  decode(bytes, from, to) {
    checkSize("a whole number of 32 bits", 4, to - from);
    return readInt32(bytes, from);
  },
};

/**
 * A whole number of 64 bits, big-endian, like Kafka's `LongSerializer`; of them those that a JavaScript
 * number holds exactly, up to 2^53 − 1 either way.
 */
export function int64Serde(): Serde<number> {
  return INT64;
}

const INT64: Serde<number> = {
  encode(value, into, at) {
    if (!Number.isSafeInteger(value)) throw notOfType("a whole number up to 2^53 - 1 either way", value);
    if (at + 8 > into.length) return into.length - at - 8;
    writeInt32(Math.floor(value / 0x1_0000_0000), into, at);
    writeInt32(value, into, at + 4);
    return at + 8;
  },
  decode(bytes, from, to) {
    checkSize("a whole number of 64 bits", 8, to - from);
    const value = readInt32(bytes, from) * 0x1_0000_0000 + (readInt32(bytes, from + 4) >>> 0);
    if (!Number.isSafeInteger(value)) {
      throw new DeserializationError(
        `Cannot decode a whole number: received about ${value}; allowed is up to 2^53 - 1 either way`,
      );
    }
    return value;
  },
};

/** A number as IEEE 754 double, big-endian, like Kafka's `DoubleSerializer`. */
export function float64Serde(): Serde<number> {
  return FLOAT64;
}

// A view of eight bytes of its own: one of the caller's buffer would be an allocation a record.
const doubleBytes = new Uint8Array(8);
const double = new DataView(doubleBytes.buffer);

const FLOAT64: Serde<number> = {
  encode(value, into, at) {
    if (typeof value !== "number") throw notOfType("a number", value);
    if (at + 8 > into.length) return into.length - at - 8;
    double.setFloat64(0, value);
    for (let i = 0; i < 8; i++) into[at + i] = doubleBytes[i]!;
    return at + 8;
  },
  decode(bytes, from, to) {
    checkSize("a number", 8, to - from);
    for (let i = 0; i < 8; i++) doubleBytes[i] = bytes[from + i]!;
    return double.getFloat64(0);
  },
};

function encodeUtf8(value: string, into: Uint8Array, at: number): number {
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

function decodeUtf8(bytes: Uint8Array, from: number, to: number, what: string): string {
  try {
    return utf8Decoder.decode(bytes.subarray(from, to));
  } catch (error) {
    throw new DeserializationError(`Cannot decode ${what}: the ${to - from} bytes are not UTF-8`, {
      cause: error,
    });
  }
}

function writeInt32(value: number, into: Uint8Array, at: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

function checkSize(what: string, expected: number, received: number): void {
  if (received !== expected) {
    throw new DeserializationError(`Cannot decode ${what}: received ${received} bytes; expected ${expected}`);
  }
}

function notOfType(what: string, value: unknown, cause?: unknown): TypeError {
  const received = typeof value === "object" && value !== null
    ? value.constructor?.name ?? "an object"
    : String(value);
  const why = cause instanceof Error ? `; ${cause.message}` : "";
  return new TypeError(`Cannot encode as ${what}: received ${received}${why}`, { cause });
}
