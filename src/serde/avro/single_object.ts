/**
 * The frame of [single-object
 * encoding](https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding): `C3 01`, then the
 * schema's fingerprint, little-endian; the Avro body follows.
 *
 * @module
 */
import { fingerprint } from "./fingerprint.ts";
import type { ParsedSchema } from "./schema.ts";

/** The first byte. */
export const SINGLE_OBJECT_MAGIC = 0xc3;
/** The second byte: the encoding's version. */
export const SINGLE_OBJECT_VERSION = 0x01;
/** How many bytes come before the body. */
export const SINGLE_OBJECT_HEADER_BYTES = 10;

/** The bytes that come before the body of values of this schema. */
export function singleObjectHeader(schema: ParsedSchema): Uint8Array {
  return Uint8Array.of(SINGLE_OBJECT_MAGIC, SINGLE_OBJECT_VERSION, ...fingerprint(schema.canonical));
}

/**
 * The fingerprint in a header at `from`, as hexadecimal digits in the order in which fingerprints are usually
 * printed.
 */
export function fingerprintText(bytes: Uint8Array, from: number): string {
  let text = "";
  for (let i = SINGLE_OBJECT_HEADER_BYTES - 1; i >= 2; i--) {
    text += bytes[from + i]!.toString(16).padStart(2, "0");
  }
  return text;
}
