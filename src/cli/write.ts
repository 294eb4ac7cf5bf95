const encoder = new TextEncoder();

/**
 * Writes all of a text now: before a process exits, nothing must be left in a buffer. A reader that is gone
 * gets nothing.
 */
export function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
  } catch (error) {
    // As in `deno task gen 2>&1 | head`: there is nobody left to tell.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** A line of a program's result, to standard output. */
export function say(line: string): void {
  writeAll(Deno.stdout, `${line}\n`);
}

/** A line of progress, to standard error, so that it never mixes with a result. */
export function progress(line: string): void {
  writeAll(Deno.stderr, `${line}\n`);
}
