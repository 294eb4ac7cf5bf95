/**
 * The compressions that kafkajs leaves to others to read: snappy, lz4 and zstd.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import { COMPRESSIONS, decompress } from "../wire/record_batch/compression.ts";

/** Compressed data of a few KB can be made to give gigabytes. */
const LARGEST_BYTES = 134_217_728;

/** Registers them with kafkajs, for reading. What somebody else has registered is replaced. */
export function registerCodecs(): void {
  const { Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
  for (const type of [Snappy, LZ4, ZSTD] as const) {
    const codec = {
      compress: () =>
        Promise.reject(
          new Error(`Cannot compress records: received ${COMPRESSIONS[type]}; use gzip or none`),
        ),
      // async: what is no valid compression rejects
      // deno-lint-ignore require-await
      decompress: async (bytes: Uint8Array) => {
        const { buffer, byteOffset, length } = decompress(type, bytes, LARGEST_BYTES);
        return Buffer.from(buffer as ArrayBuffer, byteOffset, length);
      },
    };
    kafkajs.CompressionCodecs[type] = () => codec;
  }
}
