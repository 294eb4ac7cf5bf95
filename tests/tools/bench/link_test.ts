import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { perfTestSummary } from "../../../bench/support/link_producers.ts";
import {
  type DrainRun,
  linkTables,
  missedTargets,
  type Rate,
  type WriteRun,
} from "../../../bench/support/link_report.ts";

const write = (
  system: WriteRun["system"],
  delayMs: number,
  rate: Rate,
  recordsPerSecond: number,
  lost = 0,
): WriteRun => ({ system, delayMs, rate, recordsPerSecond, sent: 5 * recordsPerSecond, lost });
const drain = (
  system: DrainRun["system"],
  delayMs: number,
  recordsPerSecond: number,
  guarantee: DrainRun["guarantee"] = "at_least_once",
): DrainRun => ({ system, guarantee, delayMs, recordsPerSecond, peakRssMb: 200 });

Deno.test("bench:link: gen has to hold at 25 ms what the other holds, and to reach as much where that one does not hold it", () => {
  const java = (rate: Rate, reached: number) => write("kafka-producer-perf-test", 25, rate, reached);
  const missed = (rate: Rate, ours: number, theirs: number) =>
    missedTargets([write("gen", 25, rate, ours), java(rate, theirs)], []).length;
  assertEquals(missed(3_000, 2_950, 2_999), 0);
  assertEquals(missed(3_000, 2_500, 2_999), 1);
  assertEquals(missed(90_000, 40_000, 70_000), 1);
  assertEquals(missed(90_000, 69_000, 70_000), 0);
  assertEquals(missed("max", 70_000, 71_000), 0);
  assertEquals(missed("max", 60_000, 71_000), 1);
  assertEquals(missedTargets([write("gen", 100, 3_000, 10), write("gen", 25, 3_000, 10)], []), []);
});

Deno.test("bench:link: whatever gen lost at any delay is a miss", () => {
  assertEquals(missedTargets([write("gen", 100, 3_000, 3_000, 7)], []), [
    "gen at 100 ms and 3000/s: lost 7 of 15000",
  ]);
});

Deno.test("bench:link: a drain at 25 ms has to reach 0.8 of its own at 0 ms", () => {
  const drains = (long: number) => [drain("kos", 0, 200_000), drain("kos", 25, long), drain("kos", 100, 1)];
  assertEquals(missedTargets([], drains(160_000)), []);
  assertEquals(missedTargets([], drains(150_000)), [
    "a drain at 25 ms: reached 0.75 of 0 ms; the target is 0.8",
  ]);
  const others = [
    drain("kafka-streams", 0, 40_000),
    drain("kafka-streams", 25, 4_000),
    drain("kos", 0, 200_000, "exactly_once"),
    drain("kos", 25, 50_000, "exactly_once"),
    drain("kos", 25, 50_000),
  ];
  assertEquals(missedTargets([], others), []);
});

Deno.test("bench:link: the tables tell each run, and drains beside their own at 0 ms", () => {
  const text = linkTables(
    [{ ...write("kafka-producer-perf-test", 25, 3_000, 2_999), latencyMs: { median: 52, p99: 61 } }],
    [drain("kos", 0, 200_000), drain("kos", 25, 170_000)],
  ).replaceAll(/ +/g, " ");
  assertStringIncludes(
    text,
    "25 3,000 kafka-producer-perf-test 2,999 14,995 0 52 61",
  );
  assertStringIncludes(text, "170,000 0.85 200");
});

Deno.test("bench:link: kafka-producer-perf-test's last line is read; without one the error shows what there was", () => {
  const stdout =
    `14999 records sent, 2999.8 records/sec (0.25 MB/sec), 51.9 ms avg latency, 300.0 ms max latency.
15000 records sent, 2998.6 records/sec (0.25 MB/sec), 51.80 ms avg latency, 318.00 ms max latency, 51 ms 50th, 53 ms 95th, 90 ms 99th, 250 ms 99.9th.
`;
  assertEquals(perfTestSummary(stdout), { recordsPerSecond: 2_999, p50: 51, p99: 90 });
  assertThrows(() => perfTestSummary("no broker"), Error, 'received "no broker"');
});
