/**
 * A table of what each part costs, from the JSON that `deno bench` prints.
 *
 * @module
 */

/** What is used of the output of `deno bench --json`. Times are in ns an iteration. */
export interface BenchReport {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly name: string;
    readonly group: string | null;
    readonly baseline: boolean;
    readonly results: readonly BenchResult[];
  }[];
}

/** How a benchmark went. */
export type BenchResult =
  | { readonly ok: { readonly avg: number; readonly min: number } }
  | { readonly failed: unknown };

/** Of several reports of the same benchmarks, each benchmark from the one in which its mean is the least; a failure, if one failed. */
export function leastOf(reports: readonly BenchReport[]): BenchReport {
  const mean = ({ results: [result] }: BenchReport["benches"][number]): number =>
    result !== undefined && "ok" in result ? result.ok.avg : -Infinity;
  const [first, ...others] = reports;
  const benches = first!.benches.map((bench, i) =>
    others.map((report) => report.benches[i]!).reduce((a, b) => mean(b) < mean(a) ? b : a, bench)
  );
  return { ...first!, benches };
}

/** What one item costs. */
export interface Row {
  readonly what: string;
  /** In the plural, as in "records". */
  readonly items: string;
  /** ns an item, the mean of all iterations: what the garbage collector took is in it. */
  readonly averageNs: number;
  /** ns an item in the best iteration: what other processes take is hardly in it. */
  readonly leastNs: number;
  /** The library that does the same, and how many times our mean it needs; `undefined` where there is none. */
  readonly beside: { readonly library: string; readonly times: number } | undefined;
}

/**
 * The rows of our benchmarks, in their order.
 *
 * @throws {Error} When a benchmark failed, or has no number of items in its name.
 */
export function rowsOf(report: BenchReport): Row[] {
  const all = report.benches.map(({ name, group, baseline, results }) => {
    const [, what, library, count, items] = name.match(/^(.+?)(?: by (\S+))? \[(\d+) (.+)\]$/) ?? [];
    if (what === undefined) {
      throw new Error(
        `Cannot make a table: received a benchmark named "${name}"; it has to end with a number of items, as in "read [1000 records]"`,
      );
    }
    const [result] = results;
    if (result === undefined || !("ok" in result)) {
      throw new Error(
        `Cannot make a table: received no result of "${name}"; run \`deno task bench:micro --filter "${what}"\` to see why`,
      );
    }
    const averageNs = result.ok.avg / Number(count);
    return {
      group,
      baseline,
      library,
      what,
      items: items!,
      averageNs,
      leastNs: result.ok.min / Number(count),
    };
  });
  return all.filter(({ baseline }) => !baseline).map(({ group, what, items, averageNs, leastNs }) => {
    const base = group === null ? undefined : all.find((other) => other.baseline && other.group === group);
    const beside = base && { library: base.library ?? base.what, times: base.averageNs / averageNs };
    return { what, items, averageNs, leastNs, beside };
  });
}

/** The rows as a table in Markdown. */
export function markdownOf(rows: readonly Row[]): string {
  const cells = [
    ["what", "ns each", "best", "a second on one core", "beside"],
    ...rows.map(({ what, items, averageNs, leastNs, beside }) => [
      what,
      significant(averageNs),
      significant(leastNs),
      `${perSecond(averageNs)} ${items}`,
      beside === undefined ? "" : `${significant(beside.times)} × ${beside.library}`,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(" | ")} |`;
  const rule = `| ${
    widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join("\n");
}

/** Three digits at most, more where they are before the point. */
function significant(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(2)));
}

function perSecond(ns: number): string {
  const millions = 1000 / ns;
  return millions >= 1 ? `${significant(millions)} M` : `${significant(millions * 1000)} k`;
}
