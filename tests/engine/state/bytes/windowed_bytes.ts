import type { KeyBytes } from "../../../../src/engine/record/key_bytes.ts";
import { murmur2 } from "../../../../src/kafka/port/murmur2.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A key as a store gets it: in the middle of a buffer. */
export function keyOf(text: string): KeyBytes {
  const bytes = encoder.encode(`--${text}--`);
  return { bytes, from: 2, to: bytes.length - 2, hash: murmur2(bytes, 2, bytes.length - 2) };
}

/** A value in the middle of a buffer. */
export function valueOf(text: string): [bytes: Uint8Array, from: number, to: number] {
  const bytes = encoder.encode(`+${text}+`);
  return [bytes, 1, bytes.length - 1];
}

/** The text of a range of bytes. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}
