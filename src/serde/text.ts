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
 * @param mostParts How many brackets and commas there may be in all.
 * @throws {RangeError} When there are more.
 */
export function checkNesting(text: string, mostLevels: number, mostParts: number): void {
  let level = 0;
  let parts = 0;
  // By hand: a regular expression for strings takes its stack, or the square of the text's length of time.
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1, QUOTE);
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      parts++;
      if (++level > mostLevels) throw new RangeError(`it nests deeper than ${mostLevels} levels`);
    } else if (code === COMMA) {
      parts++;
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      level--;
    }
    if (parts > mostParts) throw new RangeError(`it has more than ${mostParts} parts`);
  }
}

/**
 * Refuses a `.proto` file that has more messages and fields or longer names than allowed, before it is
 * parsed: each type would have the names of all that it is in, and a string without its end be sought over
 * and over.
 *
 * @throws {RangeError} When it has.
 */
export function checkNames(text: string, mostParts: number, mostCharacters: number): void {
  let parts = 0;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE || code === APOSTROPHE) {
      i = endOfString(text, i + 1, code);
      if (i === text.length) throw new RangeError("it has a string that does not end");
    } else if (code === SLASH) {
      i = endOfComment(text, i);
    }
    if ((code === OPEN_BRACE || code === SEMICOLON) && ++parts > mostParts) {
      throw new RangeError(`it has more than ${mostParts} messages and fields`);
    }
    length = isOfName(code) ? length + 1 : 0;
    if (length > mostCharacters) {
      throw new RangeError(`it has a name of more than ${mostCharacters} characters`);
    }
  }
}

/** Whether it is a letter, a digit, an underscore or a dot, or no ASCII. */
function isOfName(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a || code >= 0x30 && code <= 0x39 || code === 0x5f ||
    code === 0x2e || code > 0x7f;
}

/** Where the quote is that ends a string. */
function endOfString(text: string, from: number, quote: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i;
    if (code === BACKSLASH) i++;
  }
  return text.length;
}

const QUOTE = 0x22;
/** The last place of a comment that begins at a slash; the slash itself where none does. */
function endOfComment(text: string, at: number): number {
  const ends = { "/": "\n", "*": "*/" }[text[at + 1] ?? ""];
  if (ends === undefined) return at;
  const end = text.indexOf(ends, at + 2);
  return end < 0 ? text.length : end + ends.length - 1;
}

const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
