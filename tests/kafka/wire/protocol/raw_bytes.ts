/** Bytes of numbers and texts, written by hand from the protocol's description. */
export function raw(...parts: (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]),
  );
}

/** The two bytes of a number. */
export function int16(value: number): number[] {
  return [value >> 8 & 255, value & 255];
}

/** The four bytes of a number. */
export function int32(value: number): number[] {
  return [...int16(value >> 16), ...int16(value)];
}

/** The eight bytes of a number, which may be any that a JavaScript number holds exactly. */
export function int64(value: number): number[] {
  return [...int32(Math.floor(value / 2 ** 32)), ...int32(value | 0)];
}
