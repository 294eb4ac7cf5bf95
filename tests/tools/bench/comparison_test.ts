import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  comparisonPlot,
  drainTables,
  mediansOf,
  ratiosOf,
  startRatiosOf,
  startTables,
} from "../../../bench/support/comparison.ts";
import type { Run } from "../../../bench/support/runs.ts";
import type { Start } from "../../../bench/support/start_and_idle.ts";
import type { SystemName } from "../../../bench/support/systems.ts";
import { table } from "../../../bench/support/table.ts";

function run(system: SystemName, pair: number, perCpuSecond: number): Run {
  return {
    system,
    guarantee: "at_least_once",
    pair,
    records: 600,
    seconds: 2,
    recordsPerSecond: perCpuSecond * 2,
    cpuSeconds: 3,
    recordsPerCpuSecond: perCpuSecond,
    cpuSecondsWithStart: 4,
    recordsPerCpuSecondWithStart: perCpuSecond / 2,
    peakRssMb: system === "kos" ? 300 : 600,
    counts: { SESSIONS: 900, "KSTREAM-JOINTHIS-0000000004-store-changelog": 300 },
    keys: 300,
    digest: "00000000000000d1",
  };
}

const RUNS = [
  run("kos", 1, 50_000),
  run("kafka-streams", 1, 10_000),
  run("kos", 2, 60_000),
  run("kafka-streams", 2, 20_000),
  run("kos", 3, 90_000),
  run("kafka-streams", 3, 15_000),
];

Deno.test("medians are by system, ratios by pair", () => {
  assertEquals(mediansOf(RUNS).map((row) => [row.system, row.recordsPerCpuSecond, row.peakRssMb]), [
    ["kos", 60_000, 300],
    ["kafka-streams", 15_000, 600],
  ]);
  assertEquals(ratiosOf(RUNS), [{
    guarantee: "at_least_once",
    recordsPerCpuSecond: 5,
    recordsPerCpuSecondWithStart: 5,
    recordsPerSecond: 5,
    peakRss: 0.5,
  }]);
});

Deno.test("the tables have each run, the medians, the counts once, and the ratios", () => {
  const text = drainTables(RUNS);
  assertStringIncludes(
    text,
    "at_least_once  3       kos              180,000   90,000      45,000      300\n",
  );
  assertStringIncludes(
    text,
    "at_least_once  median  kafka-streams     30,000   15,000       7,500      600\n",
  );
  assertStringIncludes(text, "runs  SESSIONS  JOINTHIS  keys  final values\n");
  assertStringIncludes(text, "   6       900       300   300  00000000000000d1\n");
  assertStringIncludes(text, "at_least_once        5.00 ×   5.00 ×      5.00 ×     0.50 ×\n");
});

Deno.test("runs that left different counts stand in different lines", () => {
  const other = { ...RUNS[1]!, counts: { ...RUNS[1]!.counts, SESSIONS: 899 } };
  const text = drainTables([RUNS[0]!, other]);
  assertStringIncludes(text, "   1       900       300");
  assertStringIncludes(text, "   1       899       300");
});

Deno.test("starts have their ratios, idle processes only where they were measured", () => {
  const first: Start[] = [
    { system: "kos", pair: 1, seconds: 0.5, cpuSeconds: 0.4 },
    { system: "kafka-streams", pair: 1, seconds: 2.5, cpuSeconds: 4 },
  ];
  assertEquals(startRatiosOf(first), { seconds: 0.2, cpuSeconds: 0.1 });
  const second: Start[] = [
    { system: "kos", pair: 2, seconds: 0.75, cpuSeconds: 0.3, idle: { rssMb: 90, cpuPercent: 0.5 } },
    { system: "kafka-streams", pair: 2, seconds: 2.5, cpuSeconds: 3, idle: { rssMb: 360, cpuPercent: 1 } },
  ];
  assertEquals(startRatiosOf([...first, ...second]), {
    seconds: 0.25,
    cpuSeconds: 0.1,
    idleRss: 0.25,
    idleCpu: 0.5,
  });
  assertStringIncludes(
    startTables([...first, ...second]),
    "0.25 ×          0.10 ×            0.25 ×   0.50 ×",
  );
});

Deno.test("a table's numbers stand to the right with their thousands apart", () => {
  assertEquals(
    table(["name", "count"], [["a", 1], ["bcdef", 12_345]]),
    "name    count\n-----  ------\na           1\nbcdef  12,345\n",
  );
});

Deno.test("the plot has a bar for each median", () => {
  const svg = comparisonPlot("kos & Kafka Streams", RUNS);
  assertEquals(svg.match(/<rect [^>]*fill="#/g)?.length, 6);
  assertStringIncludes(svg, ">kos &amp; Kafka Streams</text>");
  assertStringIncludes(svg, ">60,000</text>");
});
