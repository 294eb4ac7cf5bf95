import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { niceTicks } from "../../../scripts/support/svg/axis.ts";
import { type BarPanel, type LinePanel, plot } from "../../../scripts/support/svg/plot.ts";

const LINES: LinePanel = {
  title: "Lag",
  series: [
    { name: "steps", color: "#1f77b4", points: [[0, 0], [30, 1500], [60, 500]], steps: true },
    { name: "straight", color: "#d62728", points: [[0, 2000], [60, 0]] },
  ],
};
const BARS: BarPanel = {
  title: "Rate",
  groups: [
    { name: "first", bars: [{ name: "kos", color: "#2ca02c", value: 128_412 }] },
    { name: "second", bars: [{ name: "kos", color: "#2ca02c", value: 12.345 }] },
  ],
};

Deno.test("ticks are round and reach above the highest value", () => {
  assertEquals(niceTicks(4), [0, 1, 2, 3, 4]);
  assertEquals(niceTicks(430_525), [0, 100_000, 200_000, 300_000, 400_000, 500_000]);
  assertEquals(niceTicks(0), [0, 1]);
  assertEquals(niceTicks(0.3).at(-1)! >= 0.3, true);
});

Deno.test("titles and names are escaped", () => {
  const svg = plot("a < b & c", [{ title: "<lag>", series: [{ name: "x > y", color: "red", points: [] }] }]);
  for (const words of ["a &lt; b &amp; c", "&lt;lag&gt;", "x &gt; y"]) {
    assertStringIncludes(svg, `>${words}<`);
  }
});

Deno.test("panels of lines and of bars stand in one plot, one below the other and within it", () => {
  const svg = plot("both", [LINES, BARS, LINES]);
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
  const titles = [...svg.matchAll(/y="([\d.]+)" font-weight="bold"/g)].map(([, y]) => Number(y));
  assertEquals(titles.length, 3);
  assertEquals(titles, titles.toSorted((a, b) => a - b));
  const places = [...svg.matchAll(/(?:[ML]| x=")(-?[\d.]+)(?: |" y=")(-?[\d.]+)/g)];
  assert(places.length > 30, `${places.length} places`);
  for (const [place, x, y] of places) {
    assert(Number(x) >= 0 && Number(x) <= width! && Number(y) >= 0 && Number(y) <= height!, place);
  }
});

Deno.test("steps hold a value until the next one, other lines go straight to it", () => {
  const svg = plot("lines", [LINES]);
  assert(/d="M70 \d+H\d+V[\d.]+H880V[\d.]+"/.test(svg), svg);
  assert(/d="M70 44L880 214"/.test(svg), svg);
});

Deno.test("a bar has its value in full above it, the axis has short numbers", () => {
  const svg = plot("bars", [BARS]);
  for (const number of ["128,412", "12.35", "100k"]) assertStringIncludes(svg, `>${number}</text>`);
});

Deno.test("without any values there are still axes", () => {
  const svg = plot("none", [{ title: "lines", series: [] }, { title: "bars", groups: [] }]);
  assertEquals(svg.match(/>1<\/text>/g)?.length, 2);
  assert(svg.endsWith("</svg>\n"));
});
