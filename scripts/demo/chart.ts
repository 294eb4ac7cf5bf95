/**
 * A chart in a page: as wide as the screen, with its words as text, in the colours of light and dark.
 *
 * @module
 */
import { escape, niceTicks, round, shorten } from "../support/svg/axis.ts";
import { drawLine, type LinePanel, type Series } from "../support/svg/lines.ts";

/** The picture's own size; the page stretches it. */
const SIZE = { width: 1000, height: 200 };

/**
 * A panel as a figure.
 *
 * @param lastSecond Where the axis of the seconds ends.
 * @param marks Seconds that are marked by a dotted line.
 */
export function chartHtml(
  { title, series }: LinePanel,
  lastSecond: number,
  marks: readonly number[],
): string {
  const values = niceTicks(highestOf(series));
  const largest = values.at(-1)!;
  const seconds = niceTicks(lastSecond).filter((tick) => tick <= lastSecond);
  const x = (second: number): number => round(second / lastSecond * SIZE.width);
  const y = (value: number): number => round(SIZE.height - value / largest * SIZE.height);
  return `<figure>
<figcaption><h2>${escape(title)}</h2>
<ul class="legend">${series.map(legendOf).join("")}</ul></figcaption>
<div class="values" aria-hidden="true">${
    values.map((tick) => `<span style="bottom:${share(tick, largest)}">${shorten(tick)}</span>`).join("")
  }</div>
<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" preserveAspectRatio="none" role="img" aria-label="${
    escape(inWords(title, series))
  }">
<path class="grid" d="${values.map((tick) => `M0 ${y(tick)}H${SIZE.width}`).join("")}"/>
<path class="marks" d="${marks.map((second) => `M${x(second)} 0V${SIZE.height}`).join("")}"/>
${series.flatMap((each) => drawLine(each, x, y)).join("\n")}
</svg>
<div class="seconds" aria-hidden="true">${
    seconds.map((tick) => `<span style="left:${share(tick, lastSecond)}">${tick} s</span>`).join("")
  }</div>
</figure>`;
}

/** What it looks like; the page has the colours. */
export const CHART_STYLE =
  `figure { display: grid; grid-template-columns: 3rem minmax(0, 1fr); margin: 2rem 0; }
figcaption { grid-column: 1 / -1; margin-bottom: .75rem; }
figure h2 { margin: 0; font-size: 1rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; padding: 0; list-style: none; font-size: .875rem; }
.legend i { display: inline-block; width: 1.25rem; margin-right: .375rem; border-top: 3px solid; vertical-align: middle; }
.values, .seconds { position: relative; color: var(--quiet); font-size: .75rem; line-height: 1; }
.values span { position: absolute; right: .5rem; transform: translateY(50%); }
.seconds { grid-column: 2; height: 1.25rem; }
.seconds span { position: absolute; top: .375rem; transform: translateX(-50%); white-space: nowrap; }
.seconds span:first-child { transform: none; }
figure svg { display: block; width: 100%; height: 12rem; overflow: visible; }
svg path { fill: none; vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); }
.marks { stroke: var(--quiet); stroke-dasharray: 2 3; }
`;

function legendOf({ name, color }: Series): string {
  return `<li><i style="border-color:${color}"></i>${escape(name)}</li>`;
}

/** What the lines show, for who does not see them. */
function inWords(title: string, series: readonly Series[]): string {
  const each = series.map(({ name, points }) => {
    const values = points.map(([, value]) => value);
    if (values.length === 0) return `${name} not known`;
    const [least, most, last] = [lowestOf(values), mostOf(values), values.at(-1)!].map(short);
    return `${name} from ${least} to ${most}, ${last} at the end`;
  });
  return `${title} over the seconds: ${each.join("; ")}`;
}

function highestOf(series: readonly Series[]): number {
  return mostOf([0, ...series.flatMap(({ points }) => points.map(([, value]) => value))]);
}

/** Of any number of values: as many arguments a function does not take. */
function mostOf(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}

function lowestOf(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function short(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

function share(part: number, whole: number): string {
  return `${round(100 * part / whole)}%`;
}
