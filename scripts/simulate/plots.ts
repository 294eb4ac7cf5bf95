import type { Timeline } from "../../src/autoscale/simulator.ts";
import { type LinePanel, plot, type Series } from "../support/svg/plot.ts";
import type { Outcome } from "./outcome.ts";

const BLOCKS = "▁▂▃▄▅▆▇█";
/** More points of a line than a picture has pixels tell nothing. */
const POINTS = 700;
const COLORS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e"];

/** The most of each of so many parts of a column: a peak is seen however short it is. */
function peaks(values: Float64Array, parts: number): [at: number, most: number][] {
  const count = Math.min(parts, values.length);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor(i * values.length / count);
    const part = values.subarray(from, Math.floor((i + 1) * values.length / count));
    return [from, part.reduce((most, value) => Math.max(most, value), 0)];
  });
}

/** A line of blocks as wide as the terminal, with its name and its largest value. */
function bar(name: string, values: Float64Array, columns: number): string {
  const label = name.padEnd(16);
  const parts = peaks(values, Math.max(10, columns - label.length - 12));
  const most = Math.max(...parts.map(([, value]) => value));
  const block = (value: number): string =>
    value === 0 ? " " : BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(value / most * BLOCKS.length))]!;
  return `${label}${parts.map(([, value]) => block(value)).join("")} ${
    Math.round(most).toLocaleString("en-US")
  }`;
}

/** A timeline for a terminal: a line for what comes, one for the replicas, one for the lag. */
export function bars({ load, replicas, lagSeconds }: Timeline, columns: number): string {
  return [
    bar("records/s", load, columns),
    bar("replicas", replicas, columns),
    bar("lag in seconds", lagSeconds, columns),
  ].join("\n");
}

/** Timelines of the same load as a picture. */
export function picture(title: string, outcomes: readonly Outcome[]): string {
  const of = (column: "replicas" | "lagSeconds", steps: boolean): Series[] =>
    outcomes.map(({ name, timeline }, i) => ({
      name,
      color: COLORS[i % COLORS.length]!,
      points: peaks(timeline[column], POINTS),
      steps,
    }));
  const load = { name: "", color: "#7f7f7f", points: peaks(outcomes[0]!.timeline.load, POINTS) };
  const panels: LinePanel[] = [
    { title: "Records a second", series: [load] },
    { title: "Replicas", series: of("replicas", true) },
    { title: "Lag in seconds", series: of("lagSeconds", false) },
  ];
  return plot(title, panels);
}

/** Timelines as a table, a line a second of each. */
export function csv(outcomes: readonly Outcome[]): string {
  const lines = ["scaler,second,load,replicas,ready,lag,lag_seconds"];
  for (const { name, timeline } of outcomes) {
    const { second, load, replicas, ready, lag, lagSeconds } = timeline;
    for (let i = 0; i < second.length; i++) {
      const lagText = [Math.round(lag[i]!), lagSeconds[i]!.toFixed(1)];
      lines.push([name, second[i], Math.round(load[i]!), replicas[i], ready[i], ...lagText].join(","));
    }
  }
  return lines.join("\n") + "\n";
}
