import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { messageOf } from "../../port/errors.ts";
import { decompressLz4 } from "./lz4.ts";
import { InvalidCompression, TooLarge } from "./output.ts";
import { decompressSnappy } from "./snappy.ts";

/** The names by their number in a batch's attributes; 0 is none. */
export const COMPRESSIONS: readonly string[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/**
 * Decompresses a batch's records into a buffer of their own.
 *
 * @param type 1 to 4: an index of {@linkcode COMPRESSIONS}.
 * @param limit Bytes that it may give at most: compressed data of a few KB can be made to give gigabytes.
 * @throws {InvalidCompression} When the bytes are not compressed so.
 * @throws {TooLarge} When there are more.
 */
export function decompress(type: number, input: Uint8Array, limit: number): Uint8Array {
  switch (type) {
    case 1:
      return byZlib(gunzipSync, input, limit);
    case 2:
      return decompressSnappy(input, limit);
    case 3:
      return decompressLz4(input, limit);
    case 4:
      return byZlib(zstdDecompressSync, input, limit);
    default:
      throw new InvalidCompression(`compression type ${type}`);
  }
}

type Zlib = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

function byZlib(zlib: Zlib, input: Uint8Array, limit: number): Uint8Array {
  let output: Uint8Array;
  try {
    output = zlib(input, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw new TooLarge(limit);
    throw new InvalidCompression(messageOf(error), { cause: error });
  }
  // A Buffer has another hidden class: reading from both kinds would slow down all reading.
  return new Uint8Array(output.buffer, output.byteOffset, output.length);
}
