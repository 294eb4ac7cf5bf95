/**
 * The CRC-64-AVRO (Rabin) fingerprint by which the
 * [Avro specification](https://avro.apache.org/docs/1.12.0/specification/#schema-fingerprints) names schemas.
 *
 * @module
 */

/** The fingerprint of nothing, and the polynomial: the specification's `EMPTY`. */
const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = BigUint64Array.from({ length: 256 }, (_, i) => {
  let fingerprint = BigInt(i);
  for (let bit = 0; bit < 8; bit++) fingerprint = (fingerprint >> 1n) ^ (EMPTY & -(fingerprint & 1n));
  return BigInt.asUintN(64, fingerprint);
});

/**
 * The fingerprint of a schema's Parsing Canonical Form as single-object encoding writes it: 8 bytes,
 * little-endian. Computed once a schema, never a record.
 *
 * @example
 * ```ts
 * import { fingerprint } from "./fingerprint.ts";
 *
 * console.log(fingerprint('"int"')); // 8f 5c 39 3f 1a d5 75 72
 * ```
 */
export function fingerprint(canonical: string): Uint8Array {
  let crc = EMPTY;
  for (const byte of new TextEncoder().encode(canonical)) {
    crc = (crc >> 8n) ^ TABLE[Number((crc ^ BigInt(byte)) & 0xffn)]!;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, crc, true);
  return bytes;
}
