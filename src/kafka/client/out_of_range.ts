import type { LeaderSearch } from "./leader_search.ts";
import type { ReadFailures } from "./read_failures.ts";
import type { ReadState, ReadStates } from "./read_state.ts";
import { isMissing, KafkaError } from "../port/errors.ts";
import type { FetcherOptions } from "../port/fetcher.ts";
import type { TopicPartition } from "../port/topics.ts";

/** What an {@linkcode OutOfRange} is made of. */
export interface OutOfRangeParts {
  readonly states: ReadStates;
  readonly failures: ReadFailures;
  readonly leaders: LeaderSearch;
  readonly options: Pick<FetcherOptions, "outOfRange" | "onOutOfRange" | "onMissing">;
  /** Gives the first or the next offset of partitions. */
  readonly offsets: (partitions: readonly TopicPartition[], at: "earliest" | "latest") => Promise<number[]>;
}

/** Goes on where the settings say when the log does not hold the offset that is wanted of a partition. */
export class OutOfRange {
  readonly #parts: OutOfRangeParts;

  constructor(parts: OutOfRangeParts) {
    this.#parts = parts;
  }

  /** @param from The broker that said so. */
  async moveIntoRange(state: ReadState, from: string): Promise<void> {
    try {
      const [first, end] = await this.#range(state);
      if (this.#parts.states.holds(state)) this.#move(state, first, end, from);
    } catch (error) {
      this.#rangeUnknown(state, error);
    }
  }

  async #range({ topic, partition }: TopicPartition): Promise<[number, number]> {
    const asked = [{ topic, partition }];
    const { offsets } = this.#parts;
    const [[first], [end]] = await Promise.all([offsets(asked, "earliest"), offsets(asked, "latest")]);
    return [first!, end!];
  }

  #move(state: ReadState, first: number, end: number, from: string): void {
    const { topic, partition, offset: wanted } = state;
    const { outOfRange: policy = "earliest", onOutOfRange } = this.#parts.options;
    // A wrong byte can say so of any offset, and all that follows it would be read twice, or never.
    const inRange = wanted >= first && wanted <= end;
    const doubted = `OFFSET_OUT_OF_RANGE though the log holds ${first} to ${end}`;
    if (inRange && this.#parts.failures.fetchAgain(state, doubted, from)) return;
    if (policy === "fail") {
      state.error = new KafkaError(
        "OFFSET_OUT_OF_RANGE",
        `Cannot read ${state.key}: received offset ${wanted}, which the log does not hold ` +
          "(OFFSET_OUT_OF_RANGE)",
        false,
      );
      return;
    }
    state.offset = policy === "earliest" ? first : end;
    onOutOfRange?.({ topic, partition }, wanted, state.offset);
  }

  /** A topic that has gone meanwhile is waited for, as where a fetch is told so. */
  #rangeUnknown(state: ReadState, error: unknown): void {
    const { failures, leaders, options } = this.#parts;
    const { topic, partition } = state;
    const missing = isMissing(error);
    if (missing) options.onMissing?.({ topic, partition });
    const cause = missing ? new KafkaError(error.code, error.message, true, { cause: error }) : error;
    if (!failures.note(state, cause)) return;
    leaders.forget(state);
    leaders.begin("a failure");
  }
}
