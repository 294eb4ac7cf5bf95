import { EncodeBuffer, type Serde } from "../../src/serde/serde.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text as an input. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** An input as a text. */
export function textOf(input: Uint8Array): string {
  return decoder.decode(input);
}

/** What a serde writes, in an array of its own. */
export function encoded<T>(serde: Serde<T>, value: T): Uint8Array {
  const buffer = new EncodeBuffer(64);
  const end = buffer.encode(serde, value, 0);
  return buffer.bytes.slice(0, end);
}

/** Engines say so of a fault of the code, and no check does. */
const FAULT_OF_CODE =
  /Cannot (read|set) properties of|is not (a function|iterable|defined|a constructor)|Cannot convert|Invalid (typed )?array length|offset is out of bounds|Cannot mix BigInt|out of memory/;

/**
 * Throws an error on unless it is a refusal whose words were chosen: one that passes on what an engine says of
 * a fault of the code is none, whatever it is wrapped in.
 */
export function refused(error: unknown, allowed: (error: Error) => boolean): void {
  if (!(error instanceof Error) || !allowed(error)) throw error;
  if (FAULT_OF_CODE.test(error.message)) {
    throw new Error(`a refusal has the words of a fault: ${error.message}`, { cause: error });
  }
}
