/**
 * What a generator does, as Prometheus metrics.
 *
 * @module
 */
import type { Registry } from "prom-client";
import { PulledMetrics } from "../metrics/pulled_metrics.ts";
import type { GeneratorStats } from "./generator.ts";

/** Registers `kos_datagen_*`; the numbers are read when scraped, and are 0 while there are none. */
export function registerGeneratorMetrics(registry: Registry, stats: () => GeneratorStats | undefined): void {
  const metrics = new PulledMetrics(registry);
  metrics.counter(
    "kos_datagen_frames_total",
    "Frames whose request was written.",
    () => stats()?.frames ?? 0,
  );
  metrics.counter(
    "kos_datagen_frames_answered_total",
    "Frames whose response was written.",
    () => stats()?.answered ?? 0,
  );
  metrics.counter(
    "kos_datagen_records_sent_total",
    "Records that were acknowledged.",
    () => stats()?.sent ?? 0,
  );
  metrics.counter(
    "kos_datagen_records_failed_total",
    "Records given up after retrying.",
    () => stats()?.failed ?? 0,
  );
  metrics.counter(
    "kos_datagen_send_retries_total",
    "Sends that were tried again.",
    () => stats()?.retries ?? 0,
  );
  metrics.gauge(
    "kos_datagen_queued_records",
    "Records waiting for an acknowledgement.",
    () => stats()?.queued ?? 0,
  );
  metrics.gauge(
    "kos_datagen_queued_bytes",
    "Bytes waiting for an acknowledgement.",
    () => stats()?.queuedBytes ?? 0,
  );
  metrics.gauge(
    "kos_datagen_target_rate_records_per_second",
    "Records a second aimed at; +Inf for as fast as it goes.",
    () => stats()?.targetRate ?? 0,
  );
}
