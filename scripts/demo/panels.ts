/**
 * What a run of the demo is drawn as.
 *
 * @module
 */
import { meanLoad } from "../../src/demo/figures.ts";
import type { Snapshot } from "../../src/demo/snapshot.ts";
import { type LinePanel, plot, type Series } from "../support/svg/plot.ts";

type Points = Series["points"];

/** A phase of a run, and when it began. */
export interface Phase {
  readonly name: string;
  /** Since the run's start, in seconds. */
  readonly second: number;
}

/** The charts of a run, as one SVG. */
export function charts(run: readonly Snapshot[]): string {
  return plot(`Replicas follow the load, ${phasesInWords(run)}`, panelsOf(run));
}

/** The charts of a run, over the same seconds. */
export function panelsOf(run: readonly Snapshot[]): LinePanel[] {
  const line = (value: (snapshot: Snapshot) => number | undefined): Points =>
    run.flatMap((snapshot) => {
      const known = value(snapshot);
      return known === undefined ? [] : [[snapshot.atMs / 1000, known] as const];
    });
  return [
    {
      title: "Replicas",
      series: [
        { name: "wanted", color: "#1f77b4", points: line(({ wanted }) => wanted), steps: true },
        {
          name: "ready",
          color: "#2ca02c",
          points: line(({ instances }) => instances.filter(({ ready }) => ready).length),
          steps: true,
        },
      ],
    },
    {
      title: "Records a second",
      series: [
        { name: "in", color: "#7f7f7f", points: line(({ rates }) => rates.in) },
        { name: "out", color: "#9467bd", points: line(({ rates }) => rates.out) },
      ],
    },
    {
      title: "Lag in records",
      series: [
        { name: "all", color: "#d62728", points: line(({ lag }) => lag) },
        {
          name: "of the partition with the most",
          color: "#1f77b4",
          points: line(({ partitions }) => Math.max(0, ...partitions.map(({ lag }) => lag ?? 0))),
        },
      ],
    },
    {
      title: "Seconds that the oldest record waits",
      series: [{ name: "of all partitions", color: "#d62728", points: line(({ lagSeconds }) => lagSeconds) }],
    },
    {
      title: "Load of an instance",
      series: [
        { name: "mean", color: "#1f77b4", points: line(({ instances }) => meanLoad(instances)) },
        {
          name: "the most loaded",
          color: "#d62728",
          points: line(({ instances }) => {
            const loads = instances.flatMap(({ load }) => load ?? []);
            return loads.length === 0 ? undefined : Math.max(...loads);
          }),
        },
      ],
    },
  ];
}

/** The phases of a run, in their order. */
export function phasesOf(run: readonly Snapshot[]): Phase[] {
  return run.filter(({ phase }, i) => phase !== run[i - 1]?.phase)
    .map(({ phase, atMs }) => ({ name: phase, second: Math.round(atMs / 1000) }));
}

/** The phases of a run and when they began, as part of a sentence. */
export function phasesInWords(run: readonly Snapshot[]): string {
  return phasesOf(run).map(({ name, second }) => `${name} from ${second} s`).join(", ");
}
