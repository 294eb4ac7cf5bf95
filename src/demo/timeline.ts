/**
 * A run as a table, a line a second: for spreadsheets, and for whoever simulates the same.
 *
 * @module
 */
import { meanLoad, meanOf } from "./figures.ts";
import type { PartitionSnapshot, Snapshot } from "./snapshot.ts";

type Cell = string | number | undefined;

/**
 * The run in CSV with a header. Rates are records a second, lags records; a cell is empty where the value is
 * not known. Each partition has a column of its lag, in the order of the topics.
 */
export function timelineCsv(run: readonly Snapshot[]): string {
  const partitions = run[0]?.partitions ?? [];
  const header = [...COLUMNS.map(([name]) => name), ...partitions.map((p) => `lag_${idOf(p)}`), "decision"];
  const lines = run.map((snapshot) => [
    ...COLUMNS.map(([, value]) => value(snapshot)),
    ...snapshot.partitions.map(({ lag }) => lag),
    snapshot.decision?.reason,
  ]);
  return [header, ...lines].map((cells) => cells.map(cell).join(",")).join("\n") + "\n";
}

const COLUMNS: readonly (readonly [name: string, value: (snapshot: Snapshot) => Cell])[] = [
  ["second", ({ atMs }) => Math.round(atMs / 100) / 10],
  ["phase", ({ phase }) => phase],
  ["in", ({ rates }) => Math.round(rates.in)],
  ["out", ({ rates }) => Math.round(rates.out)],
  ["sessions", ({ rates }) => Math.round(rates.sessions)],
  ["lag", ({ lag }) => lag],
  ["lag_seconds", ({ lagSeconds }) => rounded(lagSeconds, 1)],
  ["wanted", ({ wanted }) => wanted],
  ["running", ({ running }) => running],
  ["ready", ({ instances }) => instances.filter(({ ready }) => ready).length],
  ["leaving", ({ instances }) => instances.filter(({ leaving }) => leaving).length],
  ["load", ({ instances }) => rounded(meanLoad(instances), 3)],
  ["busy", ({ instances }) => rounded(meanOf(instances.map(({ busy }) => busy)), 3)],
  ["capacity", ({ instances }) => rounded(meanOf(instances.map(({ capacity }) => capacity)), 0)],
  ["rebalances", ({ rebalances }) => rebalances],
];

function idOf({ topic, partition }: PartitionSnapshot): string {
  return `${topic}-${partition}`;
}

function rounded(value: number | undefined, digits: number): Cell {
  return value === undefined ? undefined : Number(value.toFixed(digits));
}

function cell(value: Cell): string {
  const text = String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
