/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Text short enough for a message. */
export function abbreviate(text: string, length = 120): string {
  return text.length <= length ? text : text.slice(0, length - 1) + "…";
}
