/**
 * How a drain's cost grows with the partitions and with the records: which settings to run, and what their runs say.
 *
 * @module
 */
import { plot } from "../../scripts/support/svg/plot.ts";
import { median, medianRatio, round } from "./statistics.ts";
import { table } from "./table.ts";

/** What a drain is of. */
export interface ScaleSetting {
  /** Of each topic. */
  readonly partitions: number;
  /** Requests and responses together. */
  readonly records: number;
}

/** What one drain took. */
export interface ScaleRun extends ScaleSetting {
  /** From 1 on; a round runs each setting once. */
  readonly round: number;
  /** From its getting its partitions to all records being committed, in s. */
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** User and system time of the whole process in that time, in s. */
  readonly cpuSeconds: number;
  readonly recordsPerCpuSecond: number;
  readonly peakRssMb: number;
  /** What the stores took of it at the end. */
  readonly stateMb: number;
}

/** The medians of a setting's runs. */
export interface ScaleRow extends ScaleSetting {
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  /**
   * By how many percent its records per CPU-second differ from the first setting's: the median of the rounds' ratios, so that a machine
   * that becomes slower from round to round changes nothing. 0 for the first setting.
   */
  readonly changePercent: number;
  readonly peakRssMb: number;
  readonly stateMb: number;
}

/** Each number of partitions with the first number of records, then the other numbers of records with the first number of partitions. */
export function scaleSettings(partitions: readonly number[], records: readonly number[]): ScaleSetting[] {
  return [
    ...partitions.map((each) => ({ partitions: each, records: records[0]! })),
    ...records.slice(1).map((each) => ({ partitions: partitions[0]!, records: each })),
  ];
}

/**
 * The medians by setting, in the settings' order.
 *
 * @throws {RangeError} When a setting has not as many runs as the first one.
 */
export function scaleRows(settings: readonly ScaleSetting[], runs: readonly ScaleRun[]): ScaleRow[] {
  const of = (setting: ScaleSetting, value: (run: ScaleRun) => number): number[] =>
    runs.filter((run) => run.partitions === setting.partitions && run.records === setting.records)
      .sort((a, b) => a.round - b.round).map(value);
  const perCpuSecond = (run: ScaleRun): number => run.recordsPerCpuSecond;
  const first = of(settings[0]!, perCpuSecond);
  return settings.map((setting) => {
    const mine = of(setting, perCpuSecond);
    return {
      ...setting,
      recordsPerSecond: Math.round(median(of(setting, (run) => run.recordsPerSecond))),
      recordsPerCpuSecond: Math.round(median(mine)),
      changePercent: round(100 * (medianRatio(mine, first) - 1), 1),
      peakRssMb: round(median(of(setting, (run) => run.peakRssMb)), 1),
      stateMb: round(median(of(setting, (run) => run.stateMb)), 1),
    };
  });
}

/** The rows whose cost does not grow in proportion: a line for each that changes by the tolerance or more, whether up or down. */
export function outOfProportion(rows: readonly ScaleRow[], tolerancePercent: number): string[] {
  return rows.filter(({ changePercent }) => Math.abs(changePercent) >= tolerancePercent).map((row) =>
    `${row.partitions} partitions, ${row.records} records: ${row.recordsPerCpuSecond} records per CPU-second, ` +
    `${signed(row.changePercent)} % from the first row's; less than ${tolerancePercent} % are expected`
  );
}

/** The rows as a table. */
export function scaleTable(rows: readonly ScaleRow[]): string {
  return table(
    ["partitions", "records", "records/s", "a CPU-s", "change %", "peak MB", "state MB"],
    rows.map((row, i) => [
      row.partitions,
      row.records,
      row.recordsPerSecond,
      row.recordsPerCpuSecond,
      i === 0 ? "" : row.changePercent,
      row.peakRssMb,
      row.stateMb,
    ]),
  );
}

/** The rows as a plot, in SVG. @param partitions How many of the rows are about partitions; the others follow. */
export function scalePlot(title: string, rows: readonly ScaleRow[], partitions: number): string {
  const [first] = rows;
  const byPartitions = rows.slice(0, partitions);
  const byRecords = [first!, ...rows.slice(partitions)];
  const panel = (name: string, value: (row: ScaleRow) => number) => ({
    title: name,
    groups: [
      {
        name: `partitions, at ${millions(first!.records)} records`,
        bars: byPartitions.map((row) => ({
          name: String(row.partitions),
          color: "#1f77b4",
          value: value(row),
        })),
      },
      {
        name: `records, at ${first!.partitions} partitions`,
        bars: byRecords.map((row) => ({
          name: millions(row.records),
          color: "#2ca02c",
          value: value(row),
        })),
      },
    ],
  });
  return plot(title, [
    panel("records per CPU-second", (row) => row.recordsPerCpuSecond),
    panel("peak resident memory, MB", (row) => row.peakRssMb),
    panel("of which state, MB", (row) => row.stateMb),
  ]);
}

function millions(records: number): string {
  return `${round(records / 1e6, 2)} M`;
}

function signed(percent: number): string {
  return `${percent > 0 ? "+" : ""}${percent.toFixed(1)}`;
}
