/**
 * HOT PATH. CRC-32C (Castagnoli), the checksum of record batches, 16 bytes a step by as many tables
 * ("slicing", Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
 * Generators", 2005). Not zlib's CRC-32, which has another polynomial.
 *
 * It is the larger part of what reading a batch costs. Only the first word of a step waits for the step
 * before, so that 16 bytes take hardly longer than 8; bytes come by words, as each access has its bounds
 * checked.
 *
 * @module
 */

/** The polynomial 0x1EDC6F41 (RFC 3720, section 12.1), bits reversed. */
const POLYNOMIAL = 0x82f6_3b78;

/**
 * `TABLES[256 * k + b]`: what byte b, k bytes before the end of the step, adds. 16 KiB: they stay in the
 * processor's first cache.
 */
const TABLES = /* @__PURE__ */ makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let crc = -1;
  let at = from;
  for (const last = to - 16; at <= last; at += 16) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc = (tables[768 + (d & 0xff)]! ^ tables[512 + ((d >>> 8) & 0xff)]! ^
      tables[256 + ((d >>> 16) & 0xff)]! ^ tables[d >>> 24]!) ^
      (tables[1792 + (c & 0xff)]! ^ tables[1536 + ((c >>> 8) & 0xff)]! ^
        tables[1280 + ((c >>> 16) & 0xff)]! ^ tables[1024 + (c >>> 24)]!) ^
      (tables[2816 + (b & 0xff)]! ^ tables[2560 + ((b >>> 8) & 0xff)]! ^
        tables[2304 + ((b >>> 16) & 0xff)]! ^ tables[2048 + (b >>> 24)]!) ^
      (tables[3840 + (a & 0xff)]! ^ tables[3584 + ((a >>> 8) & 0xff)]! ^
        tables[3328 + ((a >>> 16) & 0xff)]! ^ tables[3072 + (a >>> 24)]!);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
