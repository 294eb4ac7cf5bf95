/**
 * A log on stderr: one line each.
 *
 * @module
 */
import { stderr, writeAll } from "./write.ts";

/** From least to most said. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** How much is said: this level and the ones before it. */
export type LogLevel = typeof LOG_LEVELS[number];

/** How a line can be written. */
export const LOG_FORMATS = ["text", "json"] as const;

/** How a line is written: `text` for people, `json` for what collects logs, one object a line. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Further facts of a line: `name=value` behind the message, or further properties of the object. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines. */
export interface Logger {
  /** How much is said. */
  readonly level: LogLevel;
  /** Says what ends something. */
  error(message: string, fields?: LogFields): void;
  /** Says what may need somebody. */
  warn(message: string, fields?: LogFields): void;
  /** Says what happens. */
  info(message: string, fields?: LogFields): void;
  /** Says what helps to find a fault. */
  debug(message: string, fields?: LogFields): void;
  /**
   * A line of progress and the like, shown at level info and above; as text it has neither time nor level.
   */
  plain(line: string): void;
}

/** Settings of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** How much is said. Default `info`. */
  readonly level?: LogLevel;
  /** How a line is written. Default `text`. */
  readonly format?: LogFormat;
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
 * as `\n`, so that one event is one line. With the format `json` a line is an object of `time`, `level`,
 * `name`, `message` and the fields.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLogger } from "./log.ts";
 *
 * const lines: string[] = [];
 * const write = (line: string) => lines.push(line);
 * createLogger({ name: "words", format: "json", write, now: () => 0 }).info("began", { tasks: 4 });
 * const { time, ...said } = JSON.parse(lines[0]!);
 * assertEquals(said, { level: "info", name: "words", message: "began", tasks: 4 });
 * ```
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? "info";
  const shown = LOG_LEVELS.indexOf(level);
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => writeAll(stderr, line));
  const { line, plainLine } = options.format === "json" ? jsonLines(options.name) : textLines(options.name);
  const at = (index: number) => (message: string, fields: LogFields = {}): void => {
    if (index <= shown) {
      write(line(new Date(now()).toISOString(), LOG_LEVELS[index]!, message, fields) + "\n");
    }
  };
  return {
    level,
    error: at(0),
    warn: at(1),
    info: at(2),
    debug: at(3),
    plain(text) {
      if (shown >= 2) write(plainLine(new Date(now()).toISOString(), text) + "\n");
    },
  };
}

/** How both kinds of lines are written, without their line end. */
interface Lines {
  line(time: string, level: LogLevel, message: string, fields: LogFields): string;
  plainLine(time: string, text: string): string;
}

function textLines(name: string): Lines {
  return {
    line(time, level, message, fields) {
      let line = `${time} ${level.toUpperCase().padEnd(5)} ${name}: ${message}`;
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) line += ` ${key}=${quoted(String(value))}`;
      }
      return oneLine(line);
    },
    plainLine: (_time, text) => oneLine(text),
  };
}

function jsonLines(name: string): Lines {
  // What every line has comes again behind the fields, so that none of them takes its place.
  const line = (time: string, level: LogLevel, message: string, fields: LogFields): string => {
    const always = { time, level, name, message };
    return JSON.stringify({ ...always, ...fields, ...always });
  };
  return { line, plainLine: (time, text) => line(time, "info", text, {}) };
}

/** A logger that says nothing, for use inside another program. */
export const silentLogger: Logger = createLogger({ name: "", write: () => {} });

function quoted(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function oneLine(text: string): string {
  return text.replace(/\r?\n/g, "\\n");
}
