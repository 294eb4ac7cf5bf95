/**
 * Where a group stands in its topics, by what the log itself knows: right whoever processes, and also while
 * nobody does.
 *
 * @module
 */
import type { Log } from "../kafka/port/log.ts";
import type { TopicPartition } from "../kafka/port/topics.ts";
import { RateWindow } from "../metrics/rate_window.ts";
import { EndHistory } from "./end_history.ts";
import type { PartitionSnapshot } from "./snapshot.ts";

/** Where a group stands at one time. */
export interface GroupPosition {
  readonly partitions: readonly PartitionSnapshot[];
  /** Records committed since the positions were opened. */
  readonly processed: number;
  /** Records not committed yet, over all partitions. */
  readonly lag: number;
  /** How long the oldest of them has waited, in seconds. */
  readonly lagSeconds: number;
}

/** Follows the log ends and the commits of a group. */
export class GroupPositions {
  readonly #log: Log;
  readonly #group: string;
  readonly #partitions: readonly TopicPartition[];
  readonly #arrivals: readonly RateWindow[];
  readonly #ends: readonly EndHistory[];
  #begun: number | undefined;

  /**
   * Begins to follow: what is committed from now on counts as processed.
   *
   * @param arrivalMs Over how long the rate of arrival is taken.
   */
  static async open(
    log: Log,
    group: string,
    topics: readonly string[],
    arrivalMs: number,
  ): Promise<GroupPositions> {
    const described = await log.describeTopics(topics);
    const partitions = [...described].flatMap(([topic, { partitions }]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    );
    const positions = new GroupPositions(log, group, partitions, arrivalMs);
    await positions.look(performance.now());
    return positions;
  }

  private constructor(log: Log, group: string, partitions: readonly TopicPartition[], arrivalMs: number) {
    this.#log = log;
    this.#group = group;
    this.#partitions = partitions;
    this.#ends = partitions.map(() => new EndHistory());
    this.#arrivals = partitions.map(() => new RateWindow({ span: arrivalMs, step: 500, least: 900 }));
  }

  /** Asks the log. @param nowMs Any clock that goes on, for the rates. */
  async look(nowMs: number): Promise<GroupPosition> {
    const all = this.#partitions;
    const starts = await this.#log.offsets(all, "earliest");
    const committed = await this.#log.committed(this.#group, all);
    // After the commits, so that no lag is negative.
    const ends = await this.#log.offsets(all, "latest");
    const at = all.map((_, i) => Math.max(starts[i]!, committed[i] ?? 0));
    const total = sum(at);
    this.#begun ??= total;
    const partitions = all.map(({ topic, partition }, i) => {
      this.#arrivals[i]!.note(nowMs, ends[i]!);
      this.#ends[i]!.note(nowMs, ends[i]!);
      const lag = Math.max(0, ends[i]! - at[i]!);
      const seconds = this.#ends[i]!.waitedSeconds(at[i]!);
      return { topic, partition, lag, seconds, arrival: this.#arrivals[i]!.perSecond };
    });
    return {
      partitions,
      processed: total - this.#begun,
      lag: sum(partitions.map(({ lag }) => lag)),
      lagSeconds: Math.max(0, ...partitions.map(({ seconds }) => seconds)),
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
