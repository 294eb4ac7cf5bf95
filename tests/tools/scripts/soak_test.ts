import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  bucketsOf,
  type Outcome,
  processResults,
  quantile,
  type Sample,
  since,
  slope,
  verdict,
} from "../../../scripts/soak/analysis.ts";
import { lookAt } from "../../../scripts/soak/processes.ts";
import { resultTable } from "../../../scripts/soak/report.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const LIMITS = { rssPerMinute: 1e6, handles: 4 };

/** Samples each 5 s of a minute's run or more. */
function samples(minutes: number, of: (minute: number) => { rss: number; handles: number }): Sample[] {
  return Array.from({ length: minutes * 12 + 1 }, (_, i) => ({
    seconds: i * 5,
    processes: { streams: of(i / 12), broker: { rss: i * 1e9, handles: i } },
    lag: 0,
    processed: i * 100,
    entries: 7,
  }));
}

function outcome(of: Partial<Outcome> = {}): Outcome {
  return { samples: [], sent: 10, lost: 0, finalLag: 0, processed: 10, ...of };
}

Deno.test("soak: the slope of a line with noise is the line's", () => {
  const { random } = seededRandom();
  const points = Array.from(
    { length: 2_000 },
    (_, i) => [i / 10, 5 + 3 * (i / 10) + random() - 0.5] as const,
  );
  assertAlmostEquals(slope(points), 3, 0.01);
  assertEquals(slope([[1, 5]]), 0);
  assertEquals(slope([[1, 5], [1, 9]]), 0);
  assertEquals(slope([]), 0);
});

Deno.test("soak: what grew in the first half only has a flat second half", () => {
  const run = samples(
    10,
    (minute) => ({ rss: 1e8 + 2e7 * Math.min(minute, 4), handles: 20 + (minute < 5 ? 9 : 0) }),
  );
  const [streams, broker] = processResults(run, ["streams"]);
  assertAlmostEquals(streams!.rssSlope, 0, 1e-3);
  assertEquals([streams!.fewestHandles, streams!.mostHandles], [20, 20]);
  assertEquals(streams!.peakRss, 1.8e8);
  assertEquals(streams!.heapSlope, undefined);
  // The broker grows without end, and is not judged.
  assertEquals(broker!.judged, false);
  assertEquals(verdict(outcome(), [streams!, broker!], LIMITS), []);
});

Deno.test("soak: growth and handles fail, with the process' name and by how much", () => {
  const run = samples(10, (minute) => ({ rss: 1e8 + 2.5e6 * minute, handles: 20 + Math.floor(minute) }));
  const wrong = verdict(outcome(), processResults(run, ["streams"]), LIMITS);
  assertEquals(wrong, [
    "streams grows by 2.50 MB/min in the second half; allowed is less than 1.00",
    "streams has 25 to 30 open handles in the second half",
  ]);
});

Deno.test("soak: what was lost, left or not processed fails", () => {
  assertEquals(verdict(outcome({ lost: 3, sent: 12, finalLag: 5, processed: 7 }), [], LIMITS), [
    "gen lost 3 records",
    "5 records were left to process",
    "7 records were processed of 12 sent",
  ]);
  assertEquals(verdict(outcome({ finalLag: undefined }), [], LIMITS), [
    "an unknown number of records were left to process",
  ]);
});

Deno.test("soak: percentiles of what came between two looks, as Prometheus gives them", () => {
  const text = (counts: readonly number[]) =>
    ["0.1", "0.2", "+Inf"].map((le, i) => `t_seconds_bucket{le="${le}"} ${counts[i]}`).join("\n");
  const between = since(
    bucketsOf(text([50, 50, 50]), "t_seconds"),
    bucketsOf(text([50, 150, 150]), "t_seconds"),
  );
  assertEquals([...between.values()], [0, 100, 100]);
  assertAlmostEquals(quantile(0.5, between)!, 0.15);
  assertAlmostEquals(quantile(0.99, between)!, 0.199);
  // Beyond the last bound nothing is known but that.
  assertEquals(quantile(0.99, bucketsOf(text([0, 0, 5]), "t_seconds")), 0.2);
  assertEquals(quantile(0.99, bucketsOf("", "t_seconds")), undefined);
});

Deno.test({
  name: "soak: memory and handles of a process are those that the system counts, and an ended one is told",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { self } = await lookAt({ self: Deno.pid });
    assertEquals(self!.rss > 1e7 && self!.handles > 3, true, JSON.stringify(self));
    let said = "";
    await lookAt({ ghost: 4_194_305 }).catch((error) => said = error.message);
    assertStringIncludes(said, "Cannot look at ghost, process 4194305");
  },
});

Deno.test("soak: the table has a line a process, and what is not known is not a number", () => {
  const table = resultTable(
    processResults(samples(2, () => ({ rss: 1e8, handles: 20 })), ["streams"]),
    {
      capacity: undefined,
      rate: 500,
      processedPerSecond: 499,
      commitP99Seconds: 0.0123,
      streamsLoopP99Seconds: undefined,
      genLoopP99Seconds: 0.001,
      entriesFrom: 1,
      entriesTo: 2,
      sent: 10,
      processed: 10,
      lost: 0,
      finalLag: undefined,
    },
  );
  assertMatch(table, /^streams +100 +100 +\+0\.00 +20$/m);
  assertStringIncludes(table, "commit p99 12.3 ms; event loop late p99: streams unknown, gen 1.0 ms");
  assertStringIncludes(table, "lag at the end unknown");
});
