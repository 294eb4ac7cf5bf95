/**
 * What is said of a file that can't be read, where its variable may have got the secret itself.
 *
 * @module
 */

/** What was received, and why it can't be read. */
export interface Unreadable {
  /** The path in quotes, or that it is none. */
  readonly received: string;
  /** What the system says. */
  readonly reason: string;
  /** With the error as the cause, unless that shows what may be a secret. */
  readonly options: ErrorOptions;
}

/** Begins as a path does, or ends as a file's name. */
const PATH = /^(?:~|\.{0,2}[\\/]|\.\w|[A-Za-z]:[\\/])[^\n]{0,1000}$|^[\w./ -]{1,200}\.[A-Za-z]{2,8}$/;

/**
 * Tells of a file that can't be read: its path, unless that looks like no path, as a key or a token does that
 * was put into the variable of its file.
 */
export function unreadable(path: string, error: unknown): Unreadable {
  if (PATH.test(path)) {
    const received = JSON.stringify(path);
    if (error instanceof Error && error.name === "NotCapable") {
      return { received, reason: deniedReason(received), options: {} };
    }
    const reason = error instanceof Error ? error.message : String(error);
    return { received, reason, options: { cause: error } };
  }
  const code = (error as { readonly code?: unknown } | null)?.code;
  return {
    received: "what looks like no path, and is not shown as it may be the secret itself",
    reason: `${typeof code === "string" ? code : "not a file"}; a path begins with / or ./`,
    options: {},
  };
}

/** Deno's own word names a flag that a task would take for one of its program's. */
function deniedReason(path: string): string {
  return "Deno does not permit to read it: put it below .kos or /etc/kos, where each task may read, or add " +
    `--allow-read=${path} after "deno run" in the command that the task prints`;
}
