/**
 * How a binary starts and ends: signals, exit codes, and errors as one clear line.
 *
 * @module
 */
import process from "node:process";
import { permittedVariable } from "./variables.ts";
import { stderr, writeAll } from "./write.ts";

/** Exit codes of all binaries. */
export const EXIT = {
  ok: 0,
  /** It could not do, or go on with, what was asked. */
  failure: 1,
  /** A flag or variable is wrong. */
  usage: 2,
} as const;

/** A signal by which a process is asked to end. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** The reason of the signal that {@linkcode main} passes on: which signal asked the process to end. */
export class Interrupted extends Error {
  override name = "Interrupted";
  readonly signal: EndSignal;
  constructor(signal: EndSignal) {
    super(`asked to end by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Runs what a program does, and tells an error in one line on stderr, with the stack only when `KOS_DEBUG` is
 * `1`. For programs that end by themselves; {@linkcode main} is for those that are asked to.
 *
 * @param write Writes the error. Default: to stderr.
 * @returns What `run` resolves with, else 0; 2 for wrong flags or variables; 1 for any other error.
 */
export async function runProgram(
  name: string,
  run: () => Promise<number | void>,
  write: (text: string) => void = say,
): Promise<number> {
  return await exitCode(run, textReport(name, write));
}

async function exitCode(run: () => Promise<number | void>, report: Report): Promise<number> {
  try {
    return await run() ?? EXIT.ok;
  } catch (error) {
    return reportError(error, report);
  }
}

/** Settings of {@linkcode main}. */
export interface MainOptions {
  /**
   * After a signal, how long the binary may take to end by itself before it is ended with exit code 1, in ms;
   * a function is asked when the signal comes. Default 10,000.
   */
  readonly graceMs?: number | (() => number);
  /** Gets what ends the program. Default: it goes to stderr, as a line that the program's name begins. */
  readonly report?: Report;
}

/**
 * Tells what ends a program.
 *
 * @param message In one line, without the program's name.
 * @param error What was thrown; left out when nothing was.
 */
export type Report = (message: string, error?: unknown) => void;

/**
 * Runs a binary and ends the process. `run` gets a signal that is aborted by the first SIGTERM or SIGINT; it
 * then ends in order and resolves. A second Ctrl-C ends the process at once. The exit code is what `run`
 * resolves with, else 0; 2 for wrong flags or variables; 1 for any other error, told in one line on stderr,
 * with the stack only when `KOS_DEBUG` is `1`.
 */
export async function main(
  name: string,
  run: (signal: AbortSignal) => Promise<number | void>,
  options: MainOptions = {},
): Promise<never> {
  const { graceMs = 10_000, report = textReport(name) } = options;
  // Both: Deno tells so that it does not permit to listen.
  for (const unhandled of ["unhandledRejection", "uncaughtException"]) {
    process.on(unhandled, (reason: unknown) => process.exit(reportError(reason, report)));
  }
  const signal = shutdownSignal();
  signal.addEventListener("abort", () => {
    const ms = typeof graceMs === "function" ? graceMs() : graceMs;
    setTimeout(() => {
      report(`did not end within ${ms / 1000} s of being asked to: ending it now`);
      process.exit(EXIT.failure);
    }, ms).unref();
  });
  return process.exit(await exitCode(() => run(signal), report));
}

/** So soon after a Ctrl-C, in ms, another SIGINT is the same one, which npx and Deno have passed on. */
const SAME_KEY_MS = 1_000;

/**
 * A signal aborted by the first SIGTERM or SIGINT (with an {@linkcode Interrupted}); another SIGINT, a second
 * or more after the last one, ends the process with code 130.
 */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  let pressedAt = -Infinity;
  const on = (signal: EndSignal) => {
    process.on(signal, () => {
      const again = signal === "SIGINT" && controller.signal.aborted;
      const now = performance.now();
      // 128 + the signal's number, as shells have it.
      if (again && now - pressedAt >= SAME_KEY_MS) process.exit(130);
      if (signal === "SIGINT") pressedAt = now;
      controller.abort(new Interrupted(signal));
    });
  };
  on("SIGINT");
  if (process.platform !== "win32") on("SIGTERM");
  return controller.signal;
}

/** Resolves when the signal is aborted, also where it has been. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

function reportError(error: unknown, report: Report): number {
  const code = exitCodeOf(error);
  if (code === EXIT.ok) return code;
  report(deniedText(error) ?? (hasLines(error) ? error.message : describeError(error)), error);
  return code;
}

/** What to do about what Deno has denied; `undefined` for another error. */
export function deniedText(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "NotCapable") return undefined;
  const [, kind, what] = /^Requires (\w+) access(?: to (".*"|<\w+>))?,/.exec(error.message) ?? [];
  if (kind === undefined) return undefined;
  const more = what?.startsWith('"') ? `=${what}` : "";
  return `Cannot go on: received no permission to ${VERBS[kind] ?? kind} ${
    what ?? "all"
  }; what a program may do is ` +
    `in docs/security.md: name another place, or add --allow-${kind}${more} after ` +
    '"deno run" in the command that the task prints';
}

/** What Deno's permissions are for. */
const VERBS: Readonly<Record<string, string>> = { env: "read the variable", net: "reach" };

/** Tells it as a line of text, and the stack only to who looks for a defect. */
export function textReport(name: string, write: (text: string) => void = say): Report {
  return (message, error) => {
    write(`${name}: ${message}\n`);
    if (error !== undefined && debugging()) write(`${stackOf(error)}\n`);
    else if (isBug(error)) write(`${name}: this is a defect of the program; KOS_DEBUG=1 shows where it is\n`);
  };
}

/** Whether the lines of a message are meant as such: those of a compiler, or what a process said last. */
function hasLines(error: unknown): error is Error {
  return error instanceof Error && error.name === "ScriptError" && error.message.includes("\n");
}

// By name, as this folder imports none of the folders that define them.
const USAGE_ERRORS = new Set([
  "UsageError",
  "ConfigError",
  "StreamsConfigError",
  "RegistryConfigError",
  "AccessError",
]);

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return EXIT.failure;
  if (error.name === "NothingToDo") return EXIT.ok;
  return USAGE_ERRORS.has(error.name) ? EXIT.usage : EXIT.failure;
}

/**
 * The message of anything that was thrown, for programs and scripts. `src/serde`, `src/metrics` and Kafka's
 * port have one of their own, as layers that import no other.
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error's message in one line, with those of its causes that it does not contain already. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let e: unknown = error, depth = 0; e !== undefined && e !== null && depth < 5; depth++) {
    const message = e instanceof Error ? e.message || e.name : String(e);
    if (!parts.some((part) => part.includes(message))) parts.push(message);
    e = e instanceof Error ? e.cause : undefined;
  }
  return parts.join(": ").replace(/\s*\r?\n\s*/g, " ");
}

function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError ||
    error instanceof SyntaxError;
}

/** Where something was thrown, with those of its causes. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? String(error);
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}

function debugging(): boolean {
  return permittedVariable("KOS_DEBUG") === "1";
}

function say(text: string): void {
  writeAll(stderr, text);
}
