export { messageOf } from "../../src/cli/main.ts";

/** A failure that its message explains in full, with the remedy: scripts print the message without a stack trace and exit 1. */
export class ScriptError extends Error {
  override name = "ScriptError";
}
