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
