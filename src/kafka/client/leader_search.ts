import type { Cluster } from "./cluster.ts";
import type { ReadFailures } from "./read_failures.ts";
import type { ReadState, ReadStates } from "./read_state.ts";
import { isRetriable, KafkaError, MISSING } from "../port/errors.ts";
import type { FetcherOptions } from "../port/fetcher.ts";

/** What a {@linkcode LeaderSearch} is made of. */
export interface LeaderSearchParts {
  readonly cluster: Cluster;
  readonly states: ReadStates;
  readonly failures: ReadFailures;
  /** Told of partitions that the log does not know. */
  readonly onMissing: FetcherOptions["onMissing"];
  /** Called after each try: partitions may have a leader now. */
  readonly onFound: () => void;
  /** Called when a try has failed for good, so that the next poll throws. */
  readonly onRefused: () => void;
}

/** Looks for the leaders of a fetcher's partitions, one request at a time, until all have one. */
export class LeaderSearch {
  readonly #parts: LeaderSearchParts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #searching = false;
  #closed = false;

  constructor(parts: LeaderSearchParts) {
    this.#parts = parts;
  }

  /** Who leads a partition; `undefined` when that has to be looked for. */
  leaderOf({ topic, partition }: ReadState): number | undefined {
    return this.#parts.cluster.leader(topic, partition);
  }

  /** Forgets who leads a partition. */
  forget({ topic, partition }: ReadState): void {
    this.#parts.cluster.forget(topic, partition);
  }

  /** Begins to search, after a pause when there was a failure; does nothing where a search is under way. */
  begin(after: "at once" | "a failure"): void {
    if (this.#searching || this.#closed) return;
    this.#searching = true;
    const waitMs = after === "at once" ? 0 : this.#parts.cluster.settings.retryBackoffMs;
    this.#timer = setTimeout(() => void this.#search(), waitMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #search(): Promise<void> {
    let again = true;
    try {
      again = await this.#ask();
    } catch (error) {
      for (const state of this.#parts.states) this.#parts.failures.note(state, error);
      if (!isRetriable(error)) this.#parts.onRefused();
    }
    this.#searching = false;
    if (again) this.begin("a failure");
    this.#parts.onFound();
  }

  /** Asks for the leaders that are not known. Returns whether some are still not. */
  async #ask(): Promise<boolean> {
    const { cluster, states, failures, onMissing } = this.#parts;
    const wanted = [...states].filter((state) => this.leaderOf(state) === undefined);
    const known = wanted.length > 0 ? await cluster.metadata(wanted.map(({ topic }) => topic)) : undefined;
    for (const { topic, partition } of wanted) {
      if (known?.get(topic)?.error === MISSING) onMissing?.({ topic, partition });
    }
    const unknown = wanted.filter((state) => this.leaderOf(state) === undefined);
    const name = "LEADER_NOT_AVAILABLE";
    const error = new KafkaError(name, `there is no such partition, or it has no leader (${name})`, true);
    for (const state of unknown) failures.failed(state, error, true);
    return unknown.length > 0;
  }
}
