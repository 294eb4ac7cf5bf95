/**
 * HOT PATH. Variable-length integers of record format v2: zigzag, then 7 bits a byte, the least significant
 * first (as Protocol Buffers' sint32 and sint64). 64-bit values are JavaScript numbers: exact up to ±2^52,
 * enough for times and offsets.
 *
 * @module
 */

/**
 * The index after the varint that {@linkcode readVarint} or {@linkcode readVarlong} read last; −1 when it was
 * malformed. A variable, as a result object would be an allocation a number.
 */
export let varintEnd = 0;

/** Reads a 32-bit varint. Malformed when it goes beyond `limit` or 5 bytes: see {@linkcode varintEnd}. */
export function readVarint(bytes: Uint8Array, at: number, limit: number): number {
  let raw = 0;
  for (let shift = 0; shift < 35 && at < limit; shift += 7) {
    const byte = bytes[at++]!;
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      varintEnd = at;
      return (raw >>> 1) ^ -(raw & 1);
    }
  }
  varintEnd = -1;
  return 0;
}

/** Reads a 64-bit varint. Malformed when it goes beyond `limit` or 10 bytes: see {@linkcode varintEnd}. */
export function readVarlong(bytes: Uint8Array, at: number, limit: number): number {
  let low = 0; // bits 0 to 31
  let high = 0; // bits 32 to 63
  for (let shift = 0; shift < 70 && at < limit; shift += 7) {
    const byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) high = bits >>> 4;
    else if (shift > 28) high |= bits << (shift - 32);
    if (byte < 0x80) {
      varintEnd = at;
      const magnitude = (high >>> 1) * 0x1_0000_0000 + (((low >>> 1) | (high << 31)) >>> 0);
      return low & 1 ? -magnitude - 1 : magnitude;
    }
  }
  varintEnd = -1;
  return 0;
}

/** How many bytes {@linkcode writeVarint} takes. */
export function sizeOfVarint(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  return raw < 0x80 ? 1 : raw < 0x4000 ? 2 : raw < 0x20_0000 ? 3 : raw < 0x1000_0000 ? 4 : 5;
}

/** Writes a 32-bit varint at index `at` and returns the index after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  while (raw > 0x7f) {
    bytes[at++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  bytes[at++] = raw;
  return at;
}

/** How many bytes {@linkcode writeVarlong} takes. */
export function sizeOfVarlong(value: number): number {
  if (value === (value | 0)) return sizeOfVarint(value);
  let raw = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (raw >= 0x80) {
    raw = Math.floor(raw / 0x80);
    size++;
  }
  return size;
}

/** Writes a 64-bit varint, a whole number within ±2^52, at index `at` and returns the index after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value);
  let raw = value >= 0 ? value * 2 : -value * 2 - 1;
  while (raw >= 0x80) {
    bytes[at++] = (raw % 0x80) | 0x80;
    raw = Math.floor(raw / 0x80);
  }
  bytes[at++] = raw;
  return at;
}
