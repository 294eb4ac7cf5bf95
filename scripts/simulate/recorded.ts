import type { Columns } from "../../src/autoscale/timeline.ts";
import { ScriptError } from "../support/errors.ts";

/** What was recorded of a run, by the demo or by e2e:cluster. */
export interface Recorded extends Columns {
  /** Records a second that came. */
  readonly load: readonly number[];
  readonly second: readonly number[];
}

/** Columns that have what is looked for, the first one that is there. */
const LOAD = ["in", "load"];
const REPLICAS = ["replicas", "wanted"];

/**
 * Reads a timeline.csv.
 *
 * @throws {ScriptError} When a column is missing, or a cell of it is no number.
 */
export function readRecorded(name: string, csv: string): Recorded {
  const [header = "", ...lines] = csv.trim().split("\n");
  const names = header.split(",");
  const column = (wanted: readonly string[]): number => {
    const found = wanted.find((each) => names.includes(each));
    if (found !== undefined) return names.indexOf(found);
    throw new ScriptError(
      `Cannot read ${name}: received the columns ${header}; expected one named ${wanted.join(" or ")}`,
    );
  };
  const rows = lines.map((line) => line.split(","));
  const numbers = (at: number): number[] => rows.map((cells, i) => numberOf(name, i + 2, cells[at] ?? ""));
  const lags = names.includes("lag")
    ? [names.indexOf("lag")]
    : names.flatMap((each, i) => /^consumer_lag_(?!.*_pods$)/.test(each) ? [i] : []);
  if (rows.length < 2) throw new ScriptError(`Cannot read ${name}: received ${rows.length} lines of numbers`);
  return {
    second: numbers(column(["second"])),
    load: numbers(column(LOAD)),
    replicas: numbers(column(REPLICAS)),
    lag: rows.map((cells) => lags.reduce((sum, at) => sum + (Number(cells[at]) || 0), 0)),
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

function numberOf(name: string, line: number, cell: string): number {
  const value = Number(cell);
  if (cell.trim() !== "" && Number.isFinite(value)) return value;
  throw new ScriptError(`Cannot read ${name}: received "${cell}" in line ${line}; expected a number`);
}

/** What was recorded, what was simulated, and how far that is off. */
export function comparison(was: number, is: number): string[] {
  const number = (value: number): string => Math.round(value).toLocaleString("en-US");
  const error = was === 0 ? "–" : `${is >= was ? "+" : "−"}${Math.abs((is / was - 1) * 100).toFixed(0)} %`;
  return [number(was), number(is), error];
}
