import type { Columns } from "../../src/autoscale/timeline.ts";
import { ScriptError } from "../support/errors.ts";

/** What was recorded of a run, by the demo or by e2e:cluster. */
export interface Recorded extends Columns {
  /** Records a second that came. */
  readonly load: readonly number[];
  readonly second: readonly number[];
}

/** A month: what is noted of each second has to fit into memory. */
export const MOST_SECONDS: number = 31 * 86_400;

/** Columns that have what is looked for, the first one that is there. */
const LOAD = ["in", "load"];
const REPLICAS = ["replicas", "wanted"];

/**
 * Reads a timeline.csv.
 *
 * @throws {ScriptError} When a column is missing, a cell of it is no number that it can be, or seconds go back.
 */
export function readRecorded(name: string, csv: string): Recorded {
  const [header = "", ...lines] = csv.trim().split(/\r?\n/);
  const names = header.split(",");
  const column = (wanted: readonly string[]): number => {
    const found = wanted.find((each) => names.includes(each));
    if (found !== undefined) return names.indexOf(found);
    throw new ScriptError(
      `Cannot read ${name}: received the columns ${header}; expected one named ${wanted.join(" or ")}`,
    );
  };
  const rows = lines.map((line) => line.split(","));
  const numbers = (at: number): number[] => rows.map((cells, i) => amountOf(name, i + 2, cells[at] ?? ""));
  // Lag that was not known when it was looked at is an empty cell.
  const lagOf = (cell: string, i: number): number => cell === "" ? 0 : amountOf(name, i + 2, cell);
  const lags = names.includes("lag")
    ? [names.indexOf("lag")]
    : names.flatMap((each, i) => /^consumer_lag_(?!.*_pods$)/.test(each) ? [i] : []);
  if (rows.length < 2) {
    throw new ScriptError(
      `Cannot read ${name}: received ${rows.length} lines of numbers; expected at least 2`,
    );
  }
  const second = numbers(column(["second"]));
  checkSeconds(name, second);
  return {
    second,
    load: numbers(column(LOAD)),
    replicas: numbers(column(REPLICAS)),
    lag: rows.map((cells, i) => lags.reduce((sum, at) => sum + lagOf(cells[at] ?? "", i), 0)),
  };
}

/** The load of a recording at a second; before and after it, that of its ends. */
export function loadOf({ second, load }: Recorded): (at: number) => number {
  const from = second[0]!;
  const rates: number[] = [];
  for (let i = 0; i < second.length; i++) {
    const until = Math.round(second[i + 1] ?? second[i]! + 1) - from;
    while (rates.length < until) rates.push(load[i]!);
  }
  return (at) => rates[Math.min(at, rates.length - 1)]!;
}

function amountOf(name: string, line: number, cell: string): number {
  const value = Number(cell);
  const expected = cell.trim() === "" || !Number.isFinite(value) ? "a number" : "0 or more";
  if (expected !== "a number" && value >= 0) return value;
  throw new ScriptError(`Cannot read ${name}: received "${cell}" in line ${line}; expected ${expected}`);
}

function checkSeconds(name: string, second: readonly number[]): void {
  const back = second.findIndex((at, i) => i > 0 && at < second[i - 1]!);
  if (back > 0) {
    throw new ScriptError(
      `Cannot read ${name}: received "${second[back]}" in line ${back + 2}; ` +
        `expected no earlier second than ${second[back - 1]}`,
    );
  }
  const length = second.at(-1)! - second[0]!;
  if (length <= MOST_SECONDS) return;
  throw new ScriptError(
    `Cannot read ${name}: received a recording of ${length} s; expected at most ${MOST_SECONDS / 3_600}h`,
  );
}

/** What was recorded, what was simulated, and how far that is off. */
export function comparison(was: number, is: number): string[] {
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const error = was === 0 ? "–" : `${is >= was ? "+" : "−"}${Math.abs((is / was - 1) * 100).toFixed(0)} %`;
  return [number(was), number(is), error];
}
