/** A failure that its message explains in full, with the remedy: scripts print the message without a stack trace and exit 1. */
export class ScriptError extends Error {
  override name = "ScriptError";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
