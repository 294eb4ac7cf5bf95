/**
 * A run of the demo as one page that opens without a network.
 *
 * @module
 */
import type { DemoSummary } from "../../src/demo/run.ts";
import { meanLoad } from "../../src/demo/figures.ts";
import type { Snapshot } from "../../src/demo/snapshot.ts";
import { escape } from "../support/svg/axis.ts";
import { type LinePanel, plot, type Series } from "../support/svg/plot.ts";

type Points = Series["points"];

/** The page: figures, charts over the same seconds, and the decisions. */
export function reportHtml(title: string, summary: DemoSummary, lines: readonly string[]): string {
  const decisions = summary.run.flatMap(({ atMs, decision }) =>
    decision === undefined ? [] : [`<tr><td>${seconds(atMs)} s</td><td>${escape(decision.reason)}</td></tr>`]
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
td, th { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<ul>
${lines.map((line) => `<li>${escape(line)}</li>`).join("\n")}
</ul>
<div role="img" aria-label="Replicas, records a second, lag and load over the seconds">
${charts(summary.run)}</div>
<h2>Decisions</h2>
<table>
<thead><tr><th>at</th><th>replicas</th></tr></thead>
<tbody>
${decisions.join("\n")}
</tbody>
</table>
<p>Each second is a line of timeline.csv, beside this file.</p>
</main>
</body>
</html>
`;
}

/** The charts of a run, as SVG. */
export function charts(run: readonly Snapshot[]): string {
  const line = (value: (snapshot: Snapshot) => number | undefined): Points =>
    run.flatMap((snapshot) => {
      const known = value(snapshot);
      return known === undefined ? [] : [[snapshot.atMs / 1000, known] as const];
    });
  const panels: LinePanel[] = [
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
          color: "#ff7f0e",
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
  return plot(`Replicas follow the load, ${phasesOf(run)}`, panels);
}

/** The phases and when they began. */
function phasesOf(run: readonly Snapshot[]): string {
  return run.filter(({ phase }, i) => phase !== run[i - 1]?.phase)
    .map(({ phase, atMs }) => `${phase} from ${seconds(atMs)} s`).join(", ");
}

function seconds(ms: number): string {
  return String(Math.round(ms / 1000));
}
