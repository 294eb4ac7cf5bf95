/**
 * Serdes of simple types, byte for byte those of Kafka's Java clients.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8, notOfType, readInt32, writeInt32 } from "./bytes.ts";
import { DeserializationError, type Serde } from "./serde.ts";

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

/** One byte, like Kafka's `BooleanSerializer`: 1 for true, 0 for false; no other byte decodes. */
export function booleanSerde(): Serde<boolean> {
  return BOOLEAN;
}

const BOOLEAN: Serde<boolean> = {
  encode(value, into, at) {
    if (typeof value !== "boolean") throw notOfType("a boolean", value);
    if (at >= into.length) return into.length - at - 1;
    into[at] = value ? 1 : 0;
    return at + 1;
  },
  decode(bytes, from, to) {
    checkSize("a boolean", 1, to - from);
    const byte = bytes[from]!;
    if (byte > 1) {
      throw new DeserializationError(`Cannot decode a boolean: received ${byte}; expected 0 or 1`);
    }
    return byte === 1;
  },
};

/** A whole number of 16 bits, big-endian, like Kafka's `ShortSerializer`. */
export function int16Serde(): Serde<number> {
  return INT16;
}

const INT16: Serde<number> = {
  encode(value, into, at) {
    if (typeof value !== "number" || (value << 16 >> 16) !== value) {
      throw notOfType("a whole number of 16 bits", value);
    }
    if (at + 2 > into.length) return into.length - at - 2;
    into[at] = value >>> 8;
    into[at + 1] = value;
    return at + 2;
  },
  decode(bytes, from, to) {
    checkSize("a whole number of 16 bits", 2, to - from);
    return (bytes[from]! << 24 | bytes[from + 1]! << 16) >> 16;
  },
};

/** A whole number of 32 bits, big-endian, like Kafka's `IntegerSerializer`. */
export function int32Serde(): Serde<number> {
  return INT32;
}

const INT32: Serde<number> = {
  encode(value, into, at) {
    if (typeof value !== "number" || (value | 0) !== value) {
      throw notOfType("a whole number of 32 bits", value);
    }
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

/**
 * A number as IEEE 754 float, big-endian, like Kafka's `FloatSerializer`. A number that a float does not hold
 * is written as the nearest one.
 */
export function float32Serde(): Serde<number> {
  return FLOAT32;
}

const FLOAT32: Serde<number> = {
  encode(value, into, at) {
    if (typeof value !== "number") throw notOfType("a number", value);
    if (at + 4 > into.length) return into.length - at - 4;
    double.setFloat32(0, value);
    for (let i = 0; i < 4; i++) into[at + i] = doubleBytes[i]!;
    return at + 4;
  },
  decode(bytes, from, to) {
    checkSize("a number", 4, to - from);
    for (let i = 0; i < 4; i++) doubleBytes[i] = bytes[from + i]!;
    return double.getFloat32(0);
  },
};

/**
 * A UUID as its text of 36 characters, like Kafka's `UUIDSerializer`. It is written in lower case, as Java
 * has it, so that one UUID is one key.
 */
export function uuidSerde(): Serde<string> {
  return UUID;
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const UUID: Serde<string> = {
  encode(value, into, at) {
    if (typeof value !== "string" || !UUID_TEXT.test(value)) throw notOfType("a UUID", value);
    return encodeUtf8(value.toLowerCase(), into, at);
  },
  decode(bytes, from, to) {
    checkSize("a UUID", 36, to - from);
    const text = decodeUtf8(bytes, from, to, "a UUID");
    if (!UUID_TEXT.test(text)) throw new DeserializationError(`Cannot decode a UUID: received ${text}`);
    return text.toLowerCase();
  },
};

function checkSize(what: string, expected: number, received: number): void {
  if (received !== expected) {
    throw new DeserializationError(`Cannot decode ${what}: received ${received} bytes; expected ${expected}`);
  }
}
