/**
 * What the demo shows of a streams process: read from its metrics, the same that an autoscaler reads.
 *
 * @module
 */
import { metricTopic } from "../metrics/lag_metrics.ts";
import { sumOfSeries } from "../metrics/metrics_text.ts";

/** The numbers of a streams process at one time. */
export interface StreamsNumbers {
  /** Records taken from the source topics since its start. */
  readonly processed: number;
  /** Records not processed yet, by topic. */
  readonly lag: ReadonlyMap<string, number>;
}

/**
 * Reads the numbers out of Prometheus' text format.
 *
 * @throws {Error} When a gauge is not there: the process is another program.
 */
export function readNumbers(text: string, topics: readonly string[]): StreamsNumbers {
  return {
    processed: sum(text, "kos_streams_records_processed_total"),
    lag: new Map(topics.map((topic) => [topic, sum(text, `consumer_lag_${metricTopic(topic)}`)])),
  };
}

function sum(text: string, metric: string): number {
  const total = sumOfSeries(text, metric);
  if (total === undefined) throw new Error(`Cannot read ${metric}: received metrics without it`);
  return total;
}
