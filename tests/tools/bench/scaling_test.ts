import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  outOfProportion,
  scalePlot,
  scaleRows,
  type ScaleRun,
  scaleSettings,
  scaleTable,
} from "../../../bench/support/scaling.ts";

const SETTINGS = scaleSettings([4, 16], [1_000_000, 2_000_000]);

function run(round: number, partitions: number, records: number, recordsPerCpuSecond: number): ScaleRun {
  return {
    round,
    partitions,
    records,
    seconds: 5,
    recordsPerSecond: records / 5,
    cpuSeconds: records / recordsPerCpuSecond,
    recordsPerCpuSecond,
    peakRssMb: 300 + round,
    stateMb: records / 20_000,
  };
}

/** The machine is half as fast in the second round, and the third round's 16 partitions were disturbed. */
const RUNS = [
  run(1, 4, 1_000_000, 200_000),
  run(1, 16, 1_000_000, 180_000),
  run(1, 4, 2_000_000, 220_000),
  run(2, 4, 1_000_000, 100_000),
  run(2, 16, 1_000_000, 90_000),
  run(2, 4, 2_000_000, 130_000),
  run(3, 4, 1_000_000, 200_000),
  run(3, 16, 1_000_000, 50_000),
  run(3, 4, 2_000_000, 260_000),
];

Deno.test("partitions are measured at the first number of records, records at the first number of partitions", () => {
  assertEquals(scaleSettings([4, 16, 64], [1_000_000, 2_000_000]), [
    { partitions: 4, records: 1_000_000 },
    { partitions: 16, records: 1_000_000 },
    { partitions: 64, records: 1_000_000 },
    { partitions: 4, records: 2_000_000 },
  ]);
  assertEquals(scaleSettings([8], [10]), [{ partitions: 8, records: 10 }]);
});

Deno.test("a change is the median of the rounds' ratios to the first setting", () => {
  assertEquals(scaleRows(SETTINGS, RUNS), [
    {
      partitions: 4,
      records: 1_000_000,
      recordsPerSecond: 200_000,
      recordsPerCpuSecond: 200_000,
      changePercent: 0,
      peakRssMb: 302,
      stateMb: 50,
    },
    {
      partitions: 16,
      records: 1_000_000,
      recordsPerSecond: 200_000,
      recordsPerCpuSecond: 90_000,
      changePercent: -10,
      peakRssMb: 302,
      stateMb: 50,
    },
    {
      partitions: 4,
      records: 2_000_000,
      recordsPerSecond: 400_000,
      recordsPerCpuSecond: 220_000,
      changePercent: 30,
      peakRssMb: 302,
      stateMb: 100,
    },
  ]);
});

Deno.test("runs pair by their round, in whichever order they come", () => {
  assertEquals(scaleRows(SETTINGS, RUNS.toReversed()), scaleRows(SETTINGS, RUNS));
});

Deno.test("a setting without all of its runs is refused", () => {
  assertThrows(() => scaleRows(SETTINGS, RUNS.slice(0, -1)), RangeError, "received 2 values and 3");
});

Deno.test("what changes by the tolerance or more is out of proportion, up or down", () => {
  const rows = scaleRows(SETTINGS, RUNS);
  assertEquals(outOfProportion(rows, 31), []);
  assertEquals(outOfProportion(rows, 30), [
    "4 partitions, 2000000 records: 220000 records per CPU-second, +30.0 % from the first row's; " +
    "less than 30 % are expected",
  ]);
  assertEquals(outOfProportion(rows, 10).map((line) => line.split(":")[0]), [
    "16 partitions, 1000000 records",
    "4 partitions, 2000000 records",
  ]);
});

Deno.test("the table has a row a setting and no change for the first", () => {
  assertEquals(
    scaleTable(scaleRows(SETTINGS, RUNS)),
    `partitions    records  records/s  a CPU-s  change %  peak MB  state MB
----------  ---------  ---------  -------  --------  -------  --------
         4  1,000,000    200,000  200,000                302        50
        16  1,000,000    200,000   90,000       -10      302        50
         4  2,000,000    400,000  220,000        30      302       100
`,
  );
});

Deno.test("the plot shows the first setting in both series", () => {
  const svg = scalePlot("A test", scaleRows(SETTINGS, RUNS), 2);
  assertStringIncludes(svg, "partitions, at 1 M records");
  assertStringIncludes(svg, "records, at 4 partitions");
  assertEquals(svg.match(/>200,000<\/text>/g)?.length, 2); // both series' first bar
  assertEquals(svg.match(/<rect x=/g)?.length, 12);
});
