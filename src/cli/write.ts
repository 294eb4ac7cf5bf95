import { writeSync } from "node:fs";

const encoder = new TextEncoder();

/** What takes bytes at once: a file descriptor of the process. */
export interface Output {
  /** Writes some of the bytes, and returns how many that were. */
  writeSync(bytes: Uint8Array): number;
}

/** Standard output, where results go. */
export const stdout: Output = { writeSync: (bytes) => writeSync(1, bytes) };

/** Standard error, where logs and progress go. */
export const stderr: Output = { writeSync: (bytes) => writeSync(2, bytes) };

/** How long a reader that is behind gets to catch up until it is tried again, in ms. */
const PATIENCE_MS = 5;

/**
 * Writes all of a text now: before a process exits, nothing must be left in a buffer. A reader that is gone
 * gets nothing.
 */
export function writeAll(to: Output, text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(to.writeSync(bytes));
    } catch (error) {
      const code = (error as { readonly code?: unknown } | null)?.code;
      // As in `deno task gen 2>&1 | head`: there is nobody left to tell.
      if (code === "EPIPE") return;
      // A pipe that is full, and was opened by a parent that does not wait for its pipes.
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
    }
  }
}

/** A line of a program's result, to standard output. */
export function say(line: string): void {
  writeAll(stdout, `${line}\n`);
}

/** A line of progress, to standard error, so that it never mixes with a result. */
export function progress(line: string): void {
  writeAll(stderr, `${line}\n`);
}
