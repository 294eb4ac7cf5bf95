/**
 * Text as the bytes that stores take, and back.
 */
import type { KeyBytes } from "../../../../src/engine/record/key_bytes.ts";
import type { ValueBytes } from "../../../../src/engine/state/bytes/bytes_store.ts";
import { murmur2 } from "../../../../src/kafka/port/murmur2.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A key within a larger buffer, as the engine hands them over. */
export function keyOf(text: string): KeyBytes {
  const bytes = encoder.encode(`--${text}--`);
  return { bytes, from: 2, to: bytes.length - 2, hash: murmur2(bytes, 2, bytes.length - 2) };
}

/** A value within a larger buffer. */
export function rangeOf(text: string): { bytes: Uint8Array; from: number; to: number } {
  const bytes = encoder.encode(`+${text}+`);
  return { bytes, from: 1, to: bytes.length - 1 };
}

/** The text of bytes. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** What was found, as text with its time. */
export function foundText(found: ValueBytes | undefined): [string, number] | undefined {
  return found && [decoder.decode(found.bytes.subarray(found.from, found.to)), found.timestamp];
}
