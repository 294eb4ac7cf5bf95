/**
 * LZ4's frame format, on read (https://github.com/lz4/lz4/tree/dev/doc: lz4_Frame_format and
 * lz4_Block_format). Own, as the pure JavaScript libraries check no bounds: a truncated frame would pass. Its
 * xxHash checksums are not looked at: the batch's CRC-32C covers the same bytes.
 *
 * @module
 */
import { InvalidCompression, Output } from "./output.ts";

const MAGIC = 0x184d_2204;

/**
 * Decompresses one frame.
 *
 * @throws {InvalidCompression} When it is no LZ4 frame, or a damaged one.
 * @throws {TooLarge} When it gives more than `limit` bytes.
 */
export function decompressLz4(input: Uint8Array, limit: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  if (input.length < 7 || view.getUint32(0, true) !== MAGIC) throw new InvalidCompression("no LZ4 frame");
  const flags = input[4]!;
  if (flags >> 6 !== 1) throw new InvalidCompression(`LZ4 frame version ${flags >> 6}, not 1`);
  const blockChecksum = flags & 0x10 ? 4 : 0;
  // The descriptor: flags, block size, content size and dictionary id where flagged, header checksum.
  let at = 4 + 2 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1;
  const output = new Output(input.length * 4, limit);
  for (;;) {
    if (at + 4 > input.length) throw new InvalidCompression("a truncated LZ4 frame");
    const header = view.getUint32(at, true);
    at += 4;
    if (header === 0) return output.written(); // the end mark
    const end = at + (header & 0x7fff_ffff);
    if (end + blockChecksum > input.length) throw new InvalidCompression("a truncated LZ4 block");
    if (header >>> 31) output.literal(input, at, end); // stored, as it would not get smaller
    else decompressBlock(input, at, end, output);
    at = end + blockChecksum;
  }
}

/**
 * HOT PATH. Sequences of a token (two lengths of 4 bits), more of the first length, literals, a distance,
 * more of the second.
 */
function decompressBlock(input: Uint8Array, from: number, to: number, output: Output): void {
  let at = from;
  while (at < to) {
    const token = input[at++]!;
    let length = token >> 4;
    if (length === 15) {
      let more = 255;
      while (more === 255 && at < to) length += more = input[at++]!;
    }
    if (at + length > to) throw new InvalidCompression("a truncated LZ4 sequence");
    output.literal(input, at, at + length);
    at += length;
    if (at === to) return; // the last sequence has only literals
    if (at + 2 > to) throw new InvalidCompression("a truncated LZ4 sequence");
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && at < to) length += more = input[at++]!;
    }
    output.repeat(distance, length);
  }
}
