/**
 * What is the same for all fetchers of a Kafka cluster: which partitions are read and from where, what was fetched of them and not yet
 * polled, and who waits for it.
 *
 * @module
 */
import { isRetriable, KafkaError, messageOf } from "../port/errors.ts";
import type { Fetcher, FetcherOptions, PartitionBounds } from "../port/fetcher.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";
import type { Logger } from "../port/logger.ts";
import type { RecordSet } from "../port/record_set.ts";

/** A partition that can't be read for so long is told of, in ms, and again each time as much later. */
const WARN_AFTER_MS = 30_000;
/** Bounds are told of only when they are not older than this, in ms. */
const FRESH_MS = 1_000;
/** Kafka's name of the error of a partition that a broker does not know. */
export const MISSING = "UNKNOWN_TOPIC_OR_PARTITION";
/** How often in a row a fetch may go wrong until the reading ends. */
export const MOST_TRIES = 5;

/** One assignment of a partition. A new assign makes a new one, so that answers for an old one are recognised. */
export interface Assigned {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** The offset to fetch next. */
  offset: number;
  paused: boolean;
  endOffset: number | undefined;
  bounds: PartitionBounds | undefined;
  /** When an answer last told of its bounds, or that they have not changed; by `performance.now()`. */
  heardAt: number;
  /** Fetched and not yet polled. */
  set: RecordSet | undefined;
  /** What the set holds, in bytes. */
  heldBytes: number;
  /** How many of the last answers in a row had something about it that should not be there. */
  tries: number;
  /** What that was in the last one of them. */
  doubt: string | undefined;
  /** Not fetched before this time, by `performance.now()`. */
  retryAt: number;
  /** In a fetch that is under way. */
  fetching: boolean;
  /** Why it can't be read, for good. */
  error: Error | undefined;
  /** Since when it can't be read, and is tried again. */
  failingSince: number | undefined;
  warnedAt: number;
}

/** A fetcher's settings, with the defaults of those left out. */
export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly partitionBytes: number;
  readonly maxBytes: number;
  readonly longLinkBytes: number;
  readonly bufferBytes: number;
  readonly readCommitted: boolean;
}

/** What a fetcher's parts are. */
export interface PartitionFetcherParts {
  readonly options: FetcherOptions;
  readonly logger: Logger;
  /** How long to wait before looking for leaders again, in ms. */
  readonly retryBackoffMs: number;
  /** Gives the first or the next offset of partitions. */
  readonly offsets: (partitions: readonly TopicPartition[], at: "earliest" | "latest") => Promise<number[]>;
}

/** See the module. Whoever extends it sends the requests. */
export abstract class PartitionFetcher implements Fetcher {
  protected readonly settings: FetchSettings;
  /** In the order in which they are to be served. */
  protected readonly assigned: Map<string, Assigned> = new Map<string, Assigned>();
  protected closed = false;
  readonly #parts: PartitionFetcherParts;
  #refreshing = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #retryTimers = new Set<ReturnType<typeof setTimeout>>();
  #pollWaits: (() => void) | undefined;
  #woken = false;

  constructor(parts: PartitionFetcherParts) {
    this.#parts = parts;
    const { maxWaitMs, partitionBytes, maxBytes, longLinkBytes, bufferBytes, isolation } = parts.options;
    this.settings = {
      maxWaitMs: maxWaitMs ?? 100,
      partitionBytes: partitionBytes ?? 147_456,
      maxBytes: maxBytes ?? 4_194_304,
      longLinkBytes: longLinkBytes ?? 16_777_216,
      bufferBytes: bufferBytes ?? 33_554_432,
      readCommitted: (isolation ?? "read_committed") === "read_committed",
    };
  }

  /** Who leads a partition; `undefined` when that has to be looked for. */
  protected abstract leaderOf(state: Assigned): number | undefined;
  /** Sends a fetch for these partitions of one leader, if it may get one now. All that its last one brought was polled. */
  protected abstract fetchFrom(leader: number, states: readonly Assigned[]): void;
  /** Looks for the leaders that are not known. Returns whether some are still not. */
  protected abstract findLeaders(): Promise<boolean>;
  /** Called when {@linkcode findLeaders} threw. */
  protected abstract leadersFailed(error: unknown): Promise<void>;
  /** Forgets who leads a partition. */
  protected abstract forgetLeader(state: Assigned): void;
  /** Frees the connections. */
  protected abstract disconnect(): Promise<void>;

  assign({ topic, partition }: TopicPartition, offset: number): void {
    const key = partitionKey(topic, partition);
    const known = this.assigned.get(key);
    this.assigned.delete(key);
    this.assigned.set(key, {
      topic,
      partition,
      key,
      offset,
      paused: known?.paused ?? false,
      endOffset: known?.endOffset,
      bounds: known?.bounds,
      heardAt: known?.heardAt ?? -Infinity,
      set: undefined,
      heldBytes: 0,
      tries: 0,
      doubt: undefined,
      retryAt: -Infinity,
      fetching: false,
      error: undefined,
      failingSince: undefined,
      warnedAt: 0,
    });
    this.#pumpSoon();
  }

  unassign({ topic, partition }: TopicPartition): void {
    this.assigned.delete(partitionKey(topic, partition));
  }

  pause({ topic, partition }: TopicPartition): void {
    const state = this.assigned.get(partitionKey(topic, partition));
    if (state !== undefined) state.paused = true;
  }

  resume({ topic, partition }: TopicPartition): void {
    const state = this.assigned.get(partitionKey(topic, partition));
    if (state === undefined || !state.paused) return;
    state.paused = false;
    if (state.set !== undefined) this.#pollWaits?.();
    this.#pumpSoon();
  }

  async poll(timeoutMs: number): Promise<RecordSet[]> {
    if (this.#pollWaits !== undefined) {
      throw new Error("Cannot poll: received a second poll while the first one waits; await it first");
    }
    const until = performance.now() + timeoutMs;
    while (true) {
      const sets = this.#take();
      this.#pump();
      const left = until - performance.now();
      if (sets.length > 0 || this.#woken || this.closed || left <= 0) {
        this.#woken = false;
        return sets;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#pollWaits = resolve;
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
      this.#pollWaits = undefined;
    }
  }

  wakeup(): void {
    this.#woken = true;
    this.#pollWaits?.();
  }

  endOffset({ topic, partition }: TopicPartition): number | undefined {
    return this.assigned.get(partitionKey(topic, partition))?.endOffset;
  }

  bounds({ topic, partition }: TopicPartition): PartitionBounds | undefined {
    const state = this.assigned.get(partitionKey(topic, partition));
    return state !== undefined && performance.now() - state.heardAt <= FRESH_MS ? state.bounds : undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.assigned.clear();
    clearTimeout(this.#refreshTimer);
    for (const timer of this.#retryTimers) clearTimeout(timer);
    this.#pollWaits?.();
    await this.disconnect();
  }

  /** Marks partitions as being fetched while `body` does so. */
  protected async whileFetching(states: readonly Assigned[], body: () => Promise<void>): Promise<void> {
    for (const state of states) state.fetching = true;
    try {
      await body();
    } finally {
      for (const state of states) state.fetching = false;
      if (states.some(({ set, error }) => set !== undefined || error !== undefined)) this.wakePoll();
      this.#pumpSoon();
    }
  }

  /** Whether an answer for this assignment is still wanted: it was not moved or given up meanwhile. */
  protected isWanted(state: Assigned): boolean {
    return this.assigned.get(state.key) === state;
  }

  /** Notes what an answer said of the end of what may be read; tells when it has moved and nothing to poll says so. */
  protected noteEnd(state: Assigned, endOffset: number, bringsRecords: boolean): void {
    const moved = state.endOffset !== endOffset;
    state.endOffset = endOffset;
    if (moved && !bringsRecords) this.#parts.options.onEndMoved?.();
  }

  /** Lets a waiting poll look again. */
  protected wakePoll(): void {
    this.#pollWaits?.();
  }

  /** Notes a failure: tried again when it may pass, else thrown by the next poll. Returns whether it may. */
  protected cannotRead(state: Assigned, error: unknown): boolean {
    if (!isRetriable(error)) {
      state.error = error instanceof Error ? error : new Error(messageOf(error));
      return false;
    }
    const now = performance.now();
    state.failingSince ??= now;
    if (now - Math.max(state.failingSince, state.warnedAt) > WARN_AFTER_MS) {
      state.warnedAt = now;
      this.#parts.logger.warn(
        `${state.key} could not be read for ${Math.round((now - state.failingSince) / 1000)} s: ${
          messageOf(error)
        }`,
      );
    }
    return true;
  }

  /** Tells of a partition that the log does not know. */
  protected tellMissing({ topic, partition }: Assigned): void {
    this.#parts.options.onMissing?.({ topic, partition });
  }

  /**
   * Has a partition fetched again, after a while, as what an answer had for it can't be right. Returns whether it will be: not after
   * {@linkcode MOST_TRIES} times in a row.
   *
   * @param received What the answer had, for the log.
   * @param from The broker that gave it.
   * @param refusal Whether it is an error that is final: said twice in a row it is believed.
   */
  protected fetchAgain(state: Assigned, received: string, from: string, refusal = false): boolean {
    if (++state.tries >= MOST_TRIES || (refusal && state.doubt === received)) return false;
    state.doubt = received;
    const { logger, retryBackoffMs } = this.#parts;
    const wait = retryBackoffMs * 2 ** (state.tries - 1);
    logger.warn(
      `${state.key} at offset ${state.offset}: received ${received} from ${from}; fetching it again in ${wait} ms ` +
        `(try ${state.tries + 1} of ${MOST_TRIES})`,
    );
    this.putOff(state, wait);
    return true;
  }

  /** Has a partition not fetched for so long, in ms: its leader would answer the same at once. */
  protected putOff(state: Assigned, ms: number): void {
    state.retryAt = performance.now() + ms;
    const timer = setTimeout(() => {
      this.#retryTimers.delete(timer);
      state.retryAt = -Infinity;
      this.#pump();
    }, ms);
    this.#retryTimers.add(timer);
  }

  /** Notes that an answer had nothing wrong about a partition. */
  protected believed(state: Assigned): void {
    state.tries = 0;
    state.doubt = undefined;
  }

  /** Bytes that were fetched and are not polled yet. */
  protected get heldBytes(): number {
    let held = 0;
    for (const { set, heldBytes } of this.assigned.values()) if (set !== undefined) held += heldBytes;
    return held;
  }

  /** Goes on where the settings say, as the log does not hold the wanted offset. */
  protected async moveIntoRange(state: Assigned, from = "its leader"): Promise<void> {
    const partition = { topic: state.topic, partition: state.partition };
    const wanted = state.offset;
    const { outOfRange: policy = "earliest", onOutOfRange } = this.#parts.options;
    try {
      const [[first], [end]] = await Promise.all([
        this.#parts.offsets([partition], "earliest"),
        this.#parts.offsets([partition], "latest"),
      ]);
      if (!this.isWanted(state)) return;
      // A wrong byte in an answer can say so of any offset, and all that follows it would be read twice, or never.
      const inRange = wanted >= first! && wanted <= end!;
      const doubted = `OFFSET_OUT_OF_RANGE though the log holds ${first} to ${end}`;
      if (inRange && this.fetchAgain(state, doubted, from)) return;
      if (policy === "fail") {
        state.error = new KafkaError(
          "OFFSET_OUT_OF_RANGE",
          `Cannot read ${state.key}: received offset ${wanted}, which the log does not hold (OFFSET_OUT_OF_RANGE)`,
          false,
        );
        return;
      }
      state.offset = policy === "earliest" ? first! : end!;
      onOutOfRange?.(partition, wanted, state.offset);
    } catch (error) {
      this.#rangeFailed(state, error);
    }
  }

  /** A topic that has gone meanwhile is waited for, as where a fetch is told so. */
  #rangeFailed(state: Assigned, error: unknown): void {
    const missing = error instanceof KafkaError && error.code === MISSING;
    if (missing) this.tellMissing(state);
    const cause = missing ? new KafkaError(error.code, error.message, true, { cause: error }) : error;
    if (!this.cannotRead(state, cause)) return;
    this.forgetLeader(state);
    this.refresh(this.#parts.retryBackoffMs);
  }

  /** Asks for the leaders that are not known, after `waitMs`; one request at a time. */
  protected refresh(waitMs: number): void {
    if (this.#refreshing || this.closed) return;
    this.#refreshing = true;
    this.#refreshTimer = setTimeout(async () => {
      let again = true;
      try {
        again = await this.findLeaders();
      } catch (error) {
        await this.leadersFailed(error);
      }
      this.#refreshing = false;
      if (again) this.refresh(this.#parts.retryBackoffMs);
      this.#pump();
    }, waitMs);
  }

  #take(): RecordSet[] {
    // Before any set is taken: what is taken and not returned would be lost.
    for (const { error, paused } of this.assigned.values()) if (error !== undefined && !paused) throw error;
    const sets: RecordSet[] = [];
    for (const state of [...this.assigned.values()]) {
      if (state.paused || state.set === undefined) continue;
      sets.push(state.set);
      state.set = undefined;
      // Served last next time, so that no partition starves when a fetch's bytes don't reach for all.
      this.assigned.delete(state.key);
      this.assigned.set(state.key, state);
    }
    return sets;
  }

  /** After the current turn, so that many partitions assigned in a row are fetched together. */
  #pumpSoon(): void {
    queueMicrotask(() => this.#pump());
  }

  /** Sends a fetch to each leader whose last one was polled. */
  #pump(): void {
    if (this.closed) return;
    const byLeader = new Map<number, Assigned[]>();
    const unpolled = new Set<number>();
    let unknown = false;
    const now = performance.now();
    for (const state of this.assigned.values()) {
      if (state.paused || state.fetching || state.error !== undefined || state.retryAt > now) continue;
      const leader = this.leaderOf(state);
      if (leader === undefined) {
        unknown = true;
        continue;
      }
      if (state.set !== undefined) unpolled.add(leader);
      else byLeader.set(leader, [...byLeader.get(leader) ?? [], state]);
    }
    if (unknown) this.refresh(0);
    for (const [leader, states] of byLeader) {
      // A fetch now would only wait for the idle partitions, and hold up the ones that are being polled.
      if (!unpolled.has(leader)) this.fetchFrom(leader, states);
    }
  }
}
