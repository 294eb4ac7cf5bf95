/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A value short enough for a message, whatever it is: JSON knows no bigints and no circles. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) {
    return abbreviate(typeof value === "string" ? JSON.stringify(value) : String(value), 80);
  }
  if (value instanceof Date) return String(value);
  try {
    const text = JSON.stringify(value, (_key, part) => typeof part === "bigint" ? `${part}n` : part);
    return abbreviate(text ?? String(value), 80);
  } catch {
    return "an object that has no JSON";
  }
}

/** Text short enough for a message. */
export function abbreviate(text: string, length = 120): string {
  return text.length <= length ? text : text.slice(0, length - 1) + "…";
}

/** A longer schema is refused: it was made to take memory and time. */
const MOST_CHARACTERS = 1_048_576;

/**
 * Refuses a schema's text that is too long to be parsed.
 *
 * @throws {RangeError} When it is.
 */
export function checkLength(text: string): void {
  if (text.length > MOST_CHARACTERS) {
    throw new RangeError(`it has ${text.length} characters, allowed are ${MOST_CHARACTERS}`);
  }
}

/**
 * Refuses JSON, or another text with brackets and strings, that nests deeper or has more parts than allowed,
 * before it is parsed: that would itself take the stack, or memory.
 *
 * @param mostParts How many brackets may be opened in all. Default: any number.
 * @throws {RangeError} When there are more.
 */
export function checkNesting(text: string, mostLevels: number, mostParts: number = Infinity): void {
  let level = 0;
  let parts = 0;
  // By hand: a regular expression for strings takes its stack, or the square of the text's length of time.
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      level++;
      if (level > mostLevels) throw new RangeError(`it nests deeper than ${mostLevels} levels`);
      if (++parts > mostParts) throw new RangeError(`it has more than ${mostParts} parts`);
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      level--;
    }
  }
}

/** Where the quote is that ends a string. */
function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i++;
  }
  return text.length;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
