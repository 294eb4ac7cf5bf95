/**
 * A run of the demo as one page that opens without a network.
 *
 * @module
 */
import type { DemoSummary } from "../../src/demo/run.ts";
import { escape } from "../support/svg/axis.ts";
import { CHART_STYLE, chartHtml } from "./chart.ts";
import { panelsOf, phasesInWords, phasesOf } from "./panels.ts";

const STYLE =
  `:root { color-scheme: light dark; --ground: #fff; --text: #1f2328; --quiet: #57606a; --line: #d0d7de; }
@media (prefers-color-scheme: dark) {
:root { --ground: #0d1117; --text: #e6edf3; --quiet: #9da7b3; --line: #30363d; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--text); background: var(--ground); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.25rem; }
table { border-collapse: collapse; }
td, th { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
${CHART_STYLE}`;

/** The page: figures, charts over the same seconds, and the decisions. */
export function reportHtml(title: string, summary: DemoSummary, lines: readonly string[]): string {
  const { run } = summary;
  const decisions = run.flatMap(({ atMs, decision }) =>
    decision === undefined
      ? []
      : [`<tr><td>${Math.round(atMs / 1000)} s</td><td>${escape(decision.reason)}</td></tr>`]
  );
  const marks = phasesOf(run).slice(1).map(({ second }) => second);
  const lastSecond = Math.max(1, (run.at(-1)?.atMs ?? 0) / 1000);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<ul id="figures">
${lines.map((line) => `<li>${escape(line)}</li>`).join("\n")}
</ul>
<p>The load: ${escape(phasesInWords(run))}. Dotted lines are where it changes.</p>
${panelsOf(run).map((panel) => chartHtml(panel, lastSecond, marks)).join("\n")}
<h2>Decisions</h2>
<table id="decisions">
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
