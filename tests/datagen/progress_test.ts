import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "prom-client";
import type { GeneratorStats } from "../../src/datagen/generator.ts";
import { registerGeneratorMetrics } from "../../src/datagen/metrics.ts";
import { Progress, summaryJson, summaryLine } from "../../src/datagen/progress.ts";

const none: GeneratorStats = {
  frames: 0,
  answered: 0,
  appended: 0,
  sent: 0,
  failed: 0,
  retries: 0,
  lastRetry: undefined,
  failing: undefined,
  queued: 0,
  queuedBytes: 0,
  targetRate: 1000,
  elapsedMs: 0,
};

Deno.test("progress: a line has the rate since the line before and the rate aimed at", () => {
  const progress = new Progress();
  assertEquals(
    progress.line({ ...none, sent: 990, queued: 12, queuedBytes: 1536, elapsedMs: 1000 }),
    "1s  sent 990  rate 990/s of 1,000/s  errors 0  queue 12 (1.5 KiB)",
  );
  assertEquals(
    progress.line({ ...none, sent: 10_990, elapsedMs: 1500, targetRate: 20_000 }),
    "2s  sent 10,990  rate 20,000/s of 20,000/s  errors 0  queue 0 (0 KiB)",
  );
  assertEquals(progress.rate, 20_000);
});

Deno.test("progress: a pause, max, a fraction, retries and losses show", () => {
  const progress = new Progress();
  const line = (stats: Partial<GeneratorStats>) => progress.line({ ...none, elapsedMs: 1000, ...stats });
  assertStringIncludes(line({ targetRate: 0 }), "of 0/s  errors 0  queue 0 (0 KiB)  paused");
  assertStringIncludes(line({ targetRate: Infinity }), "of max");
  assertStringIncludes(line({ targetRate: 0.5 }), "of 0.5/s");
  assertStringIncludes(
    line({ failed: 3, queuedBytes: 8 * 1024 * 1024, retries: 7, lastRetry: "connection refused" }),
    "errors 3  queue 0 (8 MiB)  retries 7 (connection refused)",
  );
  // Nothing new since the last line.
  assertEquals(line({ retries: 7, lastRetry: "connection refused" }).split("retries")[1], " 7");
  // What waits for another reason is not told an old one.
  assertEquals(line({ queued: 3, retries: 7, lastRetry: "connection refused" }).split("retries")[1], " 7");
  const failing = { failing: "no leader", lastRetry: "connection refused" };
  assertEquals(line({ queued: 3, retries: 7, ...failing }).split("retries")[1], " 7 (no leader)");
});

Deno.test("summary: in words and as JSON", () => {
  const summary = {
    ...none,
    frames: 1000,
    answered: 990,
    appended: 1990,
    sent: 1985,
    elapsedMs: 2000,
    targetRate: Infinity,
    reason: "failed" as const,
    seed: 42,
    machines: 12,
    lost: 5,
    lostWhy: "the broker is gone",
  };
  assertEquals(
    summaryLine(summary),
    "sent 1,985 records (1,000 frames, 990 answered) in 2.0 s, 993/s; seed 42, 12 machines; lost 5",
  );
  assertEquals(summaryJson(summary), {
    reason: "failed",
    frames: 1000,
    answered: 990,
    sent: 1985,
    lost: 5,
    lostWhy: "the broker is gone",
    seconds: 2,
    rate: 993,
    targetRate: "max",
    retries: 0,
    seed: 42,
    machines: 12,
  });
  assertEquals(summaryJson({ ...summary, elapsedMs: 0 })["rate"], 0);
});

Deno.test("generator metrics: what Prometheus reads", async () => {
  const registry = new Registry();
  registerGeneratorMetrics(registry, () => ({ ...none, frames: 3, sent: 5, targetRate: Infinity }));
  const text = await registry.metrics();
  for (
    const line of [
      "kos_datagen_frames_total 3",
      "kos_datagen_records_sent_total 5",
      "kos_datagen_target_rate_records_per_second +Inf",
    ]
  ) assertStringIncludes(text, line + "\n");
});
