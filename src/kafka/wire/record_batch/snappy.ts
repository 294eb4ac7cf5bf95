/**
 * Snappy, on read (https://github.com/google/snappy/blob/main/format_description.txt), raw as C and Go
 * clients write it or in snappy-java's chunks as Java clients do. Own, as the pure JavaScript library can be
 * made to loop by a negative length.
 *
 * @module
 */
import { InvalidCompression, Output, TooLarge } from "./output.ts";

/**
 * snappy-java's stream begins so; version and compatible version follow, 4 bytes each, then chunks with their
 * length.
 */
const STREAM_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const STREAM_HEADER = 16;

/** No element gives more: 64 bytes for 3 (a copy with a 2-byte distance). */
const MOST_EXPANSION = 64 / 3;

/**
 * Decompresses a block, or what snappy-java makes of several.
 *
 * @throws {InvalidCompression} When it is damaged.
 * @throws {TooLarge} When it gives more than `limit` bytes.
 */
export function decompressSnappy(input: Uint8Array, limit: number): Uint8Array {
  if (!STREAM_MAGIC.every((byte, i) => input[i] === byte)) {
    const output = new Output(uncompressedLength(input, 0, input.length, limit), limit);
    decompressRaw(input, 0, input.length, output, limit);
    return output.written();
  }
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const output = new Output(input.length * 4, limit);
  for (let at = STREAM_HEADER; at < input.length;) {
    if (at + 4 > input.length) throw new InvalidCompression("a truncated snappy chunk");
    const end = at + 4 + view.getUint32(at);
    if (end > input.length) throw new InvalidCompression("a truncated snappy chunk");
    decompressRaw(input, at + 4, end, output, limit);
    at = end;
  }
  return output.written();
}

/** Where the elements begin, after the length. */
let elements = 0;

/** Reads the length that raw snappy begins with, and sets {@linkcode elements}. */
function uncompressedLength(input: Uint8Array, from: number, to: number, limit: number): number {
  let length = 0;
  let scale = 1;
  for (let at = from; at < Math.min(to, from + 5); at++, scale *= 128) {
    const byte = input[at]!;
    length += (byte & 0x7f) * scale;
    if (byte >= 0x80) continue;
    elements = at + 1;
    if (length > limit) throw new TooLarge(limit);
    if (length > (to - elements) * MOST_EXPANSION) {
      throw new InvalidCompression(`a length of ${length} in ${to - from} bytes`);
    }
    return length;
  }
  throw new InvalidCompression("a truncated snappy length");
}

/** HOT PATH. Elements of a tag byte, its length and, for copies, its distance; literals follow their tag. */
function decompressRaw(input: Uint8Array, from: number, to: number, output: Output, limit: number): void {
  const end = output.size + uncompressedLength(input, from, to, limit);
  let at = elements;
  while (at < to) {
    const tag = input[at++]!;
    const kind = tag & 3;
    let length = (tag >> 2) + 1;
    if (kind === 0) { // literal; a length above 60 is in the 1 to 4 bytes that follow
      if (length > 60) {
        const bytes = length - 60;
        length = 1;
        for (let i = 0, scale = 1; i < bytes; i++, scale *= 256) length += (input[at++] ?? 0) * scale;
      }
      if (at + length > to) throw new InvalidCompression("a truncated snappy literal");
      output.literal(input, at, at + length);
      at += length;
      continue;
    }
    let distance: number;
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | input[at]!;
      at += 1;
    } else if (kind === 2) {
      distance = input[at]! | (input[at + 1]! << 8);
      at += 2;
    } else {
      distance = (input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)) >>> 0;
      at += 4;
    }
    if (at > to) throw new InvalidCompression("a truncated snappy copy");
    output.repeat(distance, length);
  }
  if (output.size !== end) {
    throw new InvalidCompression(`${output.size - end} snappy bytes more than announced`);
  }
}
