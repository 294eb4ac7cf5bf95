/**
 * The demo's picture of the flow: a line a second.
 *
 * @module
 */
import { shorten } from "../cli/terminal.ts";

/** What the demo knows at one time. Counts are since the start. */
export interface Reading {
  readonly elapsedMs: number;
  /** Records that the generator sent. */
  readonly sent: number;
  /** Records that streams processed. */
  readonly processed: number;
  /** Sessions that came out. */
  readonly sessions: number;
  readonly lag: ReadonlyMap<string, number>;
  readonly lastSession: string | undefined;
}

const TIME = 5;
const NUMBER = 11;
const BAR = 16;
/** Between the numbers, the bar and the last session. */
const GAP = "  ";
/** With less room for it the last session is left out, in columns. */
const LEAST_SESSION = 12;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * Makes a line each time it is asked, from what changed since the last time. None is wider than the terminal,
 * if that has 62 columns or more.
 */
export class Board {
  readonly #width: number;
  #last: Reading | undefined;
  /** The lag of a full bar, in records: from the start so much that a growing lag is seen to grow. */
  #highest = 50_000;

  /** @param width The terminal's, in columns. */
  constructor(width: number) {
    this.#width = width;
  }

  /** The names of the columns. */
  header(topics: readonly string[]): string {
    return this.#columns(
      ["time", "in/s", "out/s", "sessions/s", ...topics.map((topic) => `lag ${topic.slice(-2)}`)],
      "lag",
      "last session",
    );
  }

  /** The line of a reading. */
  line(reading: Reading): string {
    const before = this.#last;
    this.#last = reading;
    const seconds = (reading.elapsedMs - (before?.elapsedMs ?? 0)) / 1000;
    const rate = (now: number, then: number | undefined): string =>
      number(seconds > 0 ? (now - (then ?? 0)) / seconds : 0);
    const lag = [...reading.lag.values()];
    const total = lag.reduce((sum, each) => sum + each, 0);
    this.#highest = Math.max(this.#highest, total);
    const numbers = [
      `${Math.round(reading.elapsedMs / 1000)}s`,
      rate(reading.sent, before?.sent),
      rate(reading.processed, before?.processed),
      rate(reading.sessions, before?.sessions),
      ...lag.map(number),
    ];
    return this.#columns(numbers, total / this.#highest, reading.lastSession ?? "");
  }

  /** @param lag The bar's share, or its heading. */
  #columns(numbers: readonly string[], lag: number | string, lastSession: string): string {
    const begin = numbers.map((text, i) => text.padStart(i === 0 ? TIME : NUMBER)).join("");
    const barWidth = Math.min(BAR, this.#width - begin.length - GAP.length);
    if (barWidth < 1) return begin;
    const middle = typeof lag === "string" ? shorten(lag, barWidth) : bar(lag, barWidth);
    const room = this.#width - begin.length - GAP.length - barWidth - GAP.length;
    const end = room < LEAST_SESSION ? "" : GAP + shorten(lastSession, room);
    return `${begin}${GAP}${middle.padEnd(barWidth)}${end}`.trimEnd();
  }
}

/** A bar of up to `width` characters, in eighths of one. */
function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
