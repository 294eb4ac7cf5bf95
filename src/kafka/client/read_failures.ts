/**
 * What becomes of partitions that can't be read: they are tried again while that may pass, told of when it
 * lasts, and given up else.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import type { ReadState } from "./read_state.ts";
import { isRetriable, messageOf } from "../port/errors.ts";

/** A partition that can't be read for so long is told of, in ms, and again each time as much later. */
const WARN_AFTER_MS = 30_000;
/** How often in a row a fetch may go wrong until the reading ends. */
export const MOST_TRIES = 5;

/** The failures of one fetcher's partitions. */
export class ReadFailures {
  readonly #cluster: Cluster;
  readonly #onRetry: () => void;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  /** @param onRetry Told when a partition that was put off may be fetched again. */
  constructor(cluster: Cluster, onRetry: () => void) {
    this.#cluster = cluster;
    this.#onRetry = onRetry;
  }

  /**
   * Counts a failed read, and notes it. With `staleLeader` the partition's leader is looked for again, when
   * that can help.
   */
  failed(state: ReadState, error: unknown, staleLeader: boolean): void {
    this.#cluster.settings.health?.failed(error);
    if (this.note(state, error) && staleLeader) this.#cluster.forget(state.topic, state.partition);
  }

  /** Notes a failure: tried again when it may pass, else thrown by the next poll. Returns whether it may. */
  note(state: ReadState, error: unknown): boolean {
    if (!isRetriable(error)) {
      state.error = error instanceof Error ? error : new Error(messageOf(error));
      return false;
    }
    const now = performance.now();
    state.failingSince ??= now;
    if (now - Math.max(state.failingSince, state.warnedAt) > WARN_AFTER_MS) {
      state.warnedAt = now;
      const seconds = Math.round((now - state.failingSince) / 1000);
      this.#cluster.settings.logger.warn(
        `${state.key} could not be read for ${seconds} s: ${messageOf(error)}`,
      );
    }
    return true;
  }

  /**
   * Has a partition fetched again, after a while, as what an answer had for it can't be right. Returns
   * whether it will be: not after {@linkcode MOST_TRIES} times in a row.
   *
   * @param received What the answer had, for the log.
   * @param from The broker that gave it.
   * @param refusal Whether it is an error that is final: said twice in a row it is believed.
   */
  fetchAgain(state: ReadState, received: string, from: string, refusal = false): boolean {
    if (++state.tries >= MOST_TRIES || (refusal && state.doubt === received)) return false;
    state.doubt = received;
    const { logger, retryBackoffMs } = this.#cluster.settings;
    const wait = retryBackoffMs * 2 ** (state.tries - 1);
    logger.warn(
      `${state.key} at offset ${state.offset}: received ${received} from ${from}; ` +
        `fetching it again in ${wait} ms (try ${state.tries + 1} of ${MOST_TRIES})`,
    );
    this.putOff(state, wait);
    return true;
  }

  /** Has a partition not fetched for so long, in ms: its leader would answer the same at once. */
  putOff(state: ReadState, ms: number): void {
    state.retryAt = performance.now() + ms;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      state.retryAt = -Infinity;
      this.#onRetry();
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** Notes that an answer had nothing wrong about a partition. */
export function believed(state: ReadState): void {
  state.tries = 0;
  state.doubt = undefined;
}
