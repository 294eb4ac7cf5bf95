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

/** What a process tells of itself: of a lag that it does not know it says nothing. */
export interface ToldNumbers {
  readonly processed: number;
  /** `undefined` when that of some topic is not known, as before the first assignment. */
  readonly lag: ReadonlyMap<string, number> | undefined;
}

/**
 * Reads the numbers out of Prometheus' text format.
 *
 * @throws {Error} When there is no count of what was processed: the process is another program.
 */
export function readNumbers(text: string, topics: readonly string[]): ToldNumbers {
  const processed = sumOfSeries(text, PROCESSED);
  if (processed === undefined) throw new Error(`Cannot read ${PROCESSED}: received metrics without it`);
  const lag = new Map<string, number>();
  for (const topic of topics) {
    const records = sumOfSeries(text, `consumer_lag_${metricTopic(topic)}`);
    if (records === undefined) return { processed, lag: undefined };
    lag.set(topic, records);
  }
  return { processed, lag };
}

const PROCESSED = "kos_streams_records_processed_total";
