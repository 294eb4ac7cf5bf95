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
