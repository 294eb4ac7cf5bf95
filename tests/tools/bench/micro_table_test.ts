import { assertEquals, assertThrows } from "@std/assert";
import { type BenchReport, leastOf, markdownOf, rowsOf } from "../../../bench/micro/table.ts";

/** A report as `deno bench --json` prints it. */
function report(...benches: Partial<BenchReport["benches"][number]>[]): BenchReport {
  return {
    runtime: "Deno/2.9.6",
    cpu: "any",
    benches: benches.map((bench) => ({
      name: "read [1000 records]",
      group: null,
      baseline: false,
      results: [{ ok: { avg: 80_000, min: 75_000 } }],
      ...bench,
    })),
  };
}

Deno.test("a row has the cost of one item, and how many times that the library takes", () => {
  const rows = rowsOf(report(
    { group: "read", name: "read, checked [1000 records]" },
    { group: "other", name: "write [2 bytes]" },
    {
      group: "read",
      name: "read by kafkajs [1000 records]",
      baseline: true,
      results: [{ ok: { avg: 400_000, min: 300_000 } }],
    },
  ));
  assertEquals(rows, [
    {
      what: "read, checked",
      items: "records",
      averageNs: 80,
      leastNs: 75,
      beside: { library: "kafkajs", times: 5 },
    },
    { what: "write", items: "bytes", averageNs: 40_000, leastNs: 37_500, beside: undefined },
  ]);
  assertEquals(
    markdownOf(rows),
    `
| what          | ns each |   best | a second on one core |      beside |
| ------------- | ------: | -----: | -------------------: | ----------: |
| read, checked |      80 |     75 |         13 M records | 5 × kafkajs |
| write         |  40,000 | 37,500 |           25 k bytes |             |`.trim(),
  );
});

Deno.test("of several rounds, each benchmark's least mean is taken, and a failure is not hidden", () => {
  const round = (...means: number[]) =>
    report(...means.map((avg) => ({ results: [{ ok: { avg, min: 1 } }] })));
  const least = leastOf([round(3, 5, 9), round(4, 2, 9), round(5, 6, 8)]);
  assertEquals(rowsOf(least).map(({ averageNs }) => averageNs * 1000), [3, 2, 8]);
  assertThrows(() => rowsOf(leastOf([round(3), report({ results: [{ failed: {} }] })])), Error, "no result");
});

Deno.test("a benchmark that failed, or that does not say how many items it has, is an error that names it", () => {
  assertThrows(
    () => rowsOf(report({ results: [{ failed: {} }] })),
    Error,
    'no result of "read [1000 records]"',
  );
  assertThrows(() => rowsOf(report({ results: [] })), Error, "no result");
  assertThrows(() => rowsOf(report({ name: "read" })), Error, 'a benchmark named "read"');
});
