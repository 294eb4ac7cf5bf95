/**
 * A log on stderr: one line each.
 *
 * @module
 */
import { writeAll } from "./write.ts";

/** From least to most said. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** How much is said: this level and the ones before it. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Further facts of a line, written as `name=value` behind the message. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines. */
export interface Logger {
  readonly level: LogLevel;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A line without time and level, shown at level info and above: progress and the like. */
  plain(line: string): void;
}

/** Settings of {@linkcode createLogger}. */
export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Which binary or part speaks. */
  readonly name: string;
  /** Gets each line with its line end. Default: stderr. */
  readonly write?: (line: string) => void;
  /** The time now in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * A logger that writes lines such as
 * `2026-01-31T12:00:00.000Z INFO  datagen: 4 partitions topic=GAME-FRAME-RQ`. Line ends in a message come out
 * as `\n`, so that one event is one line.
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? "info";
  const shown = LOG_LEVELS.indexOf(level);
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => writeAll(Deno.stderr, line));
  const at = (index: number, label: string) => (message: string, fields: LogFields = {}): void => {
    if (index > shown) return;
    let line = `${new Date(now()).toISOString()} ${label} ${options.name}: ${message}`;
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) line += ` ${key}=${quoted(String(value))}`;
    }
    write(oneLine(line) + "\n");
  };
  return {
    level,
    error: at(0, "ERROR"),
    warn: at(1, "WARN "),
    info: at(2, "INFO "),
    debug: at(3, "DEBUG"),
    plain(line) {
      if (shown >= 2) write(oneLine(line) + "\n");
    },
  };
}

/** A logger that says nothing, for use inside another program. */
export const silentLogger: Logger = createLogger({ name: "", write: () => {} });

function quoted(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function oneLine(text: string): string {
  return text.replace(/\r?\n/g, "\\n");
}
