/**
 * Hexadecimal text as the original reads it (scodec's `ByteVector.fromHex`): `0x` or `0X` at the very
 * beginning, white space and underscores are skipped, upper and lower case are the same.
 *
 * @module
 */

const DIGITS = "0123456789abcdef";

/** The character code of each digit, in lower case. */
export const DIGIT_CODES: readonly number[] = Array.from(DIGITS, (digit) => digit.charCodeAt(0));

/**
 * What {@linkcode NIBBLES} has for a character that is no digit: so large that a byte made of it exceeds 255.
 */
const NO_DIGIT = 0x100;

/**
 * The value of each UTF-16 code unit as a hexadecimal digit, or 256. It covers all code units, so that
 * looking one up needs no check; only the few lines of it around the digits are ever in a cache.
 */
export const NIBBLES: Uint16Array = new Uint16Array(0x1_0000).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  NIBBLES[text.charCodeAt(0)] = digit;
  NIBBLES[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * The lower-case digits of hexadecimal text alone; `undefined` when it holds anything else, or an odd number
 * of digits: the original puts a zero before those, and no hit begins with a byte below `10`.
 */
export function bareHex(hex: string): string | undefined {
  let digits = "";
  for (let i = hex.startsWith("0x") || hex.startsWith("0X") ? 2 : 0; i < hex.length; i++) {
    const code = hex.charCodeAt(i);
    const nibble = NIBBLES[code]!;
    if (nibble < 16) digits += DIGITS[nibble];
    else if (!isSkipped(code)) return undefined;
  }
  return digits.length % 2 === 0 ? digits : undefined;
}

/** An underscore, or white space as Java's `Character.isWhitespace` has it: without the no-break spaces. */
function isSkipped(code: number): boolean {
  if (code < 0x80) {
    return code === 0x20 || code === 0x5f || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  }
  return code === 0x1680 || (code >= 0x2000 && code <= 0x200a && code !== 0x2007) || code === 0x2028 ||
    code === 0x2029 ||
    code === 0x205f || code === 0x3000;
}
