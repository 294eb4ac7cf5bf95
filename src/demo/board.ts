/**
 * The demo's picture of the flow: a line a second.
 *
 * @module
 */

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

const BAR = 16;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Makes a line each time it is asked, from what changed since the last time. */
export class Board {
  #last: Reading | undefined;
  /** The lag of a full bar, in records: from the start so much that a growing lag is seen to grow. */
  #highest = 50_000;

  /** The names of the columns. */
  header(topics: readonly string[]): string {
    return ["time", "in/s", "out/s", "sessions/s", ...topics.map((topic) => `lag ${topic.slice(-2)}`)]
      .map((name, i) => name.padStart(i === 0 ? 5 : 12)).join("") + `  ${"lag".padEnd(BAR)}  last session`;
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
    const columns = [
      `${Math.round(reading.elapsedMs / 1000)}s`.padStart(5),
      rate(reading.sent, before?.sent).padStart(12),
      rate(reading.processed, before?.processed).padStart(12),
      rate(reading.sessions, before?.sessions).padStart(12),
      ...lag.map((each) => number(each).padStart(12)),
    ];
    return `${columns.join("")}  ${bar(total / this.#highest).padEnd(BAR)}  ${
      short(reading.lastSession ?? "", 60)
    }`;
  }
}

/** A bar of up to {@linkcode BAR} characters, in eighths of one. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
