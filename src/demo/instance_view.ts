/**
 * What an instance tells of itself: read from its metrics, the same that an autoscaler reads.
 *
 * @module
 */
import { NO_PARTITION } from "../metrics/lag_metrics.ts";
import { seriesOf, sumOfSeries } from "../metrics/metrics_text.ts";

/** A partition that an instance processes. */
export interface OwnPartition {
  readonly topic: string;
  readonly partition: number;
  /** In records. */
  readonly lag: number;
}

/** What an instance tells of itself. Counts are since its start; of what it does not know it says nothing. */
export interface InstanceView {
  /** Records taken from the source topics. */
  readonly processed: number;
  /** Time in which it worked. */
  readonly busySeconds: number;
  /** Records a second that it can process; `undefined` before a second of work. */
  readonly capacity: number | undefined;
  readonly rebalances: number;
  /** `undefined` while it does not know what it has, or the lag of it. */
  readonly partitions: readonly OwnPartition[] | undefined;
}

/**
 * Reads what an instance tells in Prometheus' text format.
 *
 * @throws {Error} When there is no count of what was processed: the process is another program.
 */
export function readInstance(text: string): InstanceView {
  const processed = sumOfSeries(text, PROCESSED);
  if (processed === undefined) throw new Error(`Cannot read ${PROCESSED}: received metrics without it`);
  return {
    processed,
    busySeconds: sumOfSeries(text, "kos_busy_seconds_total") ?? 0,
    capacity: sumOfSeries(text, "kos_capacity_records_per_second"),
    rebalances: sumOfSeries(text, "kos_streams_rebalances_total") ?? 0,
    partitions: partitionsIn(text),
  };
}

function partitionsIn(text: string): OwnPartition[] | undefined {
  const series = seriesOf(text, "kos_consumer_lag_records");
  if (series.length === 0) return undefined;
  return series.filter(({ labels }) => labels["partition"] !== NO_PARTITION).map(({ labels, value }) => ({
    topic: labels["topic"] ?? "",
    partition: Number(labels["partition"]),
    lag: value,
  }));
}

const PROCESSED = "kos_streams_records_processed_total";
