/** What the Avro tests share. */
import { EncodeBuffer, type Serde } from "../../../src/serde/serde.ts";

/** The bytes of a value. */
export function encode<T>(serde: Serde<T>, value: T): Uint8Array {
  // Small and not at 0, so that growing and the offset are always part of the test.
  const buffer = new EncodeBuffer(7);
  const end = buffer.encode(serde, value, 3);
  return buffer.bytes.slice(3, end);
}

/** The value of bytes that lie within others. */
export function decode<T>(serde: Serde<T>, bytes: Uint8Array): T {
  const around = new Uint8Array(bytes.length + 8).fill(0x02);
  around.set(bytes, 5);
  return serde.decode(around, 5, 5 + bytes.length);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (digits) => parseInt(digits, 16));
}
