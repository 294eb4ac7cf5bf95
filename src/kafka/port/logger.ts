/**
 * Where src/kafka writes what goes wrong without ending anything.
 *
 * @module
 */

/** Takes one line a call. Lines never hold a secret. */
export interface Logger {
  /** Takes what may get better by itself. */
  warn(line: string): void;
  /** Takes what someone has to mend. */
  error(line: string): void;
}

/** Writes each line to standard error. */
export const stderrLogger: Logger = {
  warn: (line) => write(`warning: ${line}`),
  error: (line) => write(`error: ${line}`),
};

function write(line: string): void {
  // deno-lint-ignore no-console
  console.error(line.replaceAll("\n", " "));
}
