/**
 * HOT PATH. CRC-32C (Castagnoli), the checksum of record batches, 8 bytes a step by eight tables ("slicing-by-8", Kounavis and
 * Berry, "A Systematic Approach to Building High Performance Software-Based CRC Generators", 2005). Not zlib's CRC-32, which
 * has another polynomial.
 *
 * @module
 */

/** The polynomial 0x1EDC6F41 (RFC 3720, section 12.1), bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;

/** `TABLES[256 * k + b]`: what byte b, k bytes before the end of the step, adds. */
const TABLES = /* @__PURE__ */ makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/** The CRC-32C of the bytes in `[from, to)`, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const tables = TABLES;
  let crc = -1;
  let at = from;
  for (const steps = to - 7; at < steps; at += 8) {
    const first = crc ^
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc = tables[1792 + (first & 0xff)]! ^
      tables[1536 + ((first >>> 8) & 0xff)]! ^
      tables[1280 + ((first >>> 16) & 0xff)]! ^
      tables[1024 + (first >>> 24)]! ^
      tables[768 + bytes[at + 4]!]! ^
      tables[512 + bytes[at + 5]!]! ^
      tables[256 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
