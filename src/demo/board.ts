/**
 * The demo's picture in the terminal: a line a second.
 *
 * @module
 */
import { shorten, wrap } from "../cli/terminal.ts";
import { meanLoad } from "./figures.ts";
import type { DecisionSnapshot, Snapshot } from "./snapshot.ts";

const TIME = 5;
const PHASE = 6;
const RATE = 8;
const LAG = 9;
const BAR = 12;
const LOAD = 6;
/** Between the columns that are not numbers. */
const GAP = "  ";
/** With less room for it the last session is left out, in columns. */
const LEAST_SESSION = 12;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/** An instance that is ready, one that is not, and one that leaves. */
const MARKS = { ready: "●", starting: "○", leaving: "◌" };
const LEGEND = `${MARKS.ready} ready  ${MARKS.starting} starting  ${MARKS.leaving} leaving`;

/** Makes lines of snapshots. None is wider than the terminal, if that has 76 columns or more. */
export class Board {
  readonly #width: number;
  /** The lag of a full bar, in records. */
  #highest: number;

  /**
   * @param width The terminal's, in columns.
   * @param highest A lag that fills the bar: from the start so much that a growing lag is seen to grow.
   */
  constructor(width: number, highest: number) {
    this.#width = width;
    this.#highest = highest;
  }

  /** The names of the columns, and what the marks mean. */
  header(): string[] {
    return [
      ...this.#wrapped(`replicas: ${LEGEND}, and how many are wanted`),
      this.#columns(
        "time",
        "phase",
        ["in/s", "out/s", "sess/s"],
        "lag",
        "",
        "load",
        "replicas",
        "last session",
      ),
    ];
  }

  /** The line of a snapshot. */
  line({ atMs, phase, rates, lag, instances, wanted, lastSessions }: Snapshot): string {
    this.#highest = Math.max(this.#highest, lag);
    const marks = instances.map(({ ready, leaving }) =>
      leaving ? MARKS.leaving : ready ? MARKS.ready : MARKS.starting
    ).join("");
    return this.#columns(
      `${Math.round(atMs / 1000)}s`,
      phase,
      [rates.in, rates.out, rates.sessions].map(number),
      number(lag),
      bar(lag / this.#highest, BAR),
      meanLoad(instances)?.toFixed(2) ?? "",
      `${marks.padEnd(4)} ${wanted}`,
      lastSessions[0] ?? "",
    );
  }

  /** The lines of a decision. */
  decision({ reason }: DecisionSnapshot): string[] {
    return this.#wrapped(`── ${reason}`);
  }

  #wrapped(text: string): string[] {
    return wrap(text, this.#width);
  }

  #columns(
    time: string,
    phase: string,
    rates: readonly string[],
    lag: string,
    bar: string,
    load: string,
    replicas: string,
    session: string,
  ): string {
    const begin = [
      time.padStart(TIME),
      ` ${phase.padEnd(PHASE)}`,
      ...rates.map((rate) => rate.padStart(RATE)),
      lag.padStart(LAG),
      `${GAP}${bar.padEnd(BAR)}`,
      load.padStart(LOAD),
      `${GAP}${replicas.padEnd(8)}`,
    ].join("");
    const room = this.#width - begin.length - GAP.length;
    return `${begin}${room < LEAST_SESSION ? "" : GAP + shorten(session, room)}`.trimEnd();
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
