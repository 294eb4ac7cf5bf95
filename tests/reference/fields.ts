/**
 * Bytes as a field of a line that a person can read: printable ASCII as it is, other bytes and the backslash as `\xHH`,
 * `null` as `\N`. The Java side's `Fields` does the same.
 *
 * @module
 */

const encoder = new TextEncoder();

/** What stands for no key or value. */
export const NULL_FIELD = "\\N";

/** Bytes as a field. */
export function fieldOf(bytes: Uint8Array | null): string {
  if (bytes === null) return NULL_FIELD;
  let text = "";
  for (const byte of bytes) {
    const printable = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** A text, as UTF-8, as a field. */
export function textField(text: string | null): string {
  return fieldOf(text === null ? null : encoder.encode(text));
}

/** The bytes of a field. @throws {Error} When the field is not escaped as {@linkcode fieldOf} does it. */
export function bytesOf(field: string): Uint8Array | null {
  if (field === NULL_FIELD) return null;
  const bytes: number[] = [];
  for (let i = 0; i < field.length; i++) {
    if (field[i] !== "\\") {
      const code = field.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) throw notEscaped(field);
      bytes.push(code);
      continue;
    }
    const hex = /^x[0-9a-f]{2}/.exec(field.slice(i + 1));
    if (hex === null) throw notEscaped(field);
    bytes.push(parseInt(hex[0].slice(1), 16));
    i += 3;
  }
  return Uint8Array.from(bytes);
}

function notEscaped(field: string): Error {
  return new Error(
    `Cannot read a field: received ${
      JSON.stringify(field)
    }; bytes other than printable ASCII are written as \\xHH`,
  );
}
