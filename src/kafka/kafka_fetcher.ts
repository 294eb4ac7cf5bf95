/**
 * Reads partitions of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { ConnectionLost, isRetriable, KafkaError, messageOf } from "./errors.ts";
import type { KafkaAdmin } from "./kafka_admin.ts";
import { FetchSession } from "./fetch_session.ts";
import { type BrokerLink, errorOf } from "./kafkajs_internals.ts";
import {
  type Fetcher,
  type FetcherOptions,
  type PartitionBounds,
  partitionKey,
  type TopicPartition,
} from "./log.ts";
import {
  decodeFetch,
  encodeFetch,
  FETCH_KEY,
  FETCH_VERSION,
  type FetchedPartition,
  type FetchResponse,
} from "./protocol/fetch.ts";
import type { RecordSet } from "./record_set.ts";
import { readRecordSet } from "./record_batch/reader.ts";

/** Errors after which the partition's leader has to be looked for again. */
const STALE_LEADER = new Set([
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "REPLICA_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "OFFSET_NOT_AVAILABLE",
]);
/** A partition that can't be read for so long is told of, in ms, and again each time as much later. */
const WARN_AFTER_MS = 30_000;
/** After so many answers in a row without anything new a broker may take its time for the next ones … */
const QUIET_ANSWERS = 5;
/** … namely so long unless told, in ms: Kafka's own default for consumers. What comes meanwhile is answered at once all the same. */
const QUIET_WAIT_MS = 500;
/** Bounds are told of only when they are not older than this, in ms. */
const FRESH_MS = 1_000;
/** Says that a request is in no session. */
const NO_SESSION = { sessionId: 0, sessionEpoch: -1, forgotten: [] };

/** Whom a fetcher tells of things. */
type Told = "onOutOfRange" | "onEndMoved";

/** One assignment of a partition. A new assign makes a new one, so that answers for an old one are recognised. */
interface Assigned {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  /** The offset to fetch next. */
  offset: number;
  paused: boolean;
  endOffset: number | undefined;
  bounds: PartitionBounds | undefined;
  /** When an answer last told of its bounds, or that they have not changed. */
  heardAt: number;
  /** Fetched and not yet polled. */
  set: RecordSet | undefined;
  /** In a fetch that is under way. */
  fetching: boolean;
  /** Why it can't be read, for good. */
  error: Error | undefined;
  /** Since when it can't be read, and is tried again. */
  failingSince: number | undefined;
  warnedAt: number;
}

/**
 * One fetch at a time for each leader; the next one is sent when all that the last one brought was polled. While one takes its time,
 * as nothing has come for a while, partitions that are new or resumed don't wait for it: they are fetched on a second connection.
 */
export class KafkaFetcher implements Fetcher {
  readonly #cluster: Cluster;
  readonly #admin: KafkaAdmin;
  readonly #options:
    & Required<Omit<FetcherOptions, Told | "topics">>
    & Pick<FetcherOptions, Told>;
  /** In the order in which they are to be served. */
  readonly #assigned = new Map<string, Assigned>();
  /** By leader. */
  readonly #sessions = new Map<number, FetchSession>();
  /** Leaders with a fetch under way. */
  readonly #busy = new Set<number>();
  /** Those of them whose fetch may take its time. */
  readonly #patient = new Set<number>();
  /** Leaders with a fetch under way on the second connection. */
  readonly #aside = new Set<number>();
  /** How many answers in a row had nothing new, by leader. */
  readonly #quiet = new Map<number, number>();
  #refreshing = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #pollWaits: (() => void) | undefined;
  #woken = false;
  #closed = false;

  constructor(cluster: Cluster, admin: KafkaAdmin, options: FetcherOptions = {}) {
    this.#cluster = cluster;
    this.#admin = admin;
    this.#options = {
      maxWaitMs: options.maxWaitMs ?? 100,
      quietWaitMs: options.quietWaitMs ?? Math.max(options.maxWaitMs ?? 0, QUIET_WAIT_MS),
      partitionBytes: options.partitionBytes ?? 147_456,
      maxBytes: options.maxBytes ?? 4_194_304,
      isolation: options.isolation ?? "read_committed",
      outOfRange: options.outOfRange ?? "earliest",
      onOutOfRange: options.onOutOfRange,
      onEndMoved: options.onEndMoved,
    };
    if (options.topics !== undefined) void cluster.prepare(options.topics);
  }

  assign({ topic, partition }: TopicPartition, offset: number): void {
    const key = partitionKey(topic, partition);
    const known = this.#assigned.get(key);
    this.#assigned.delete(key);
    this.#assigned.set(key, {
      topic,
      partition,
      key,
      offset,
      paused: known?.paused ?? false,
      endOffset: known?.endOffset,
      bounds: known?.bounds,
      heardAt: known?.heardAt ?? -Infinity,
      set: undefined,
      fetching: false,
      error: undefined,
      failingSince: undefined,
      warnedAt: 0,
    });
    this.#pumpSoon();
  }

  unassign({ topic, partition }: TopicPartition): void {
    this.#assigned.delete(partitionKey(topic, partition));
  }

  pause({ topic, partition }: TopicPartition): void {
    const state = this.#assigned.get(partitionKey(topic, partition));
    if (state !== undefined) state.paused = true;
  }

  resume({ topic, partition }: TopicPartition): void {
    const state = this.#assigned.get(partitionKey(topic, partition));
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
      if (sets.length > 0 || this.#woken || this.#closed || left <= 0) {
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
    return this.#assigned.get(partitionKey(topic, partition))?.endOffset;
  }

  bounds({ topic, partition }: TopicPartition): PartitionBounds | undefined {
    const state = this.#assigned.get(partitionKey(topic, partition));
    return state !== undefined && performance.now() - state.heardAt <= FRESH_MS ? state.bounds : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#assigned.clear();
    clearTimeout(this.#refreshTimer);
    this.#pollWaits?.();
    await this.#cluster.close();
  }

  #take(): RecordSet[] {
    // Before any set is taken: what is taken and not returned would be lost.
    for (const { error, paused } of this.#assigned.values()) if (error !== undefined && !paused) throw error;
    const sets: RecordSet[] = [];
    for (const state of [...this.#assigned.values()]) {
      if (state.paused || state.set === undefined) continue;
      sets.push(state.set);
      state.set = undefined;
      // Served last next time, so that no partition starves when a fetch's bytes don't reach for all.
      this.#assigned.delete(state.key);
      this.#assigned.set(state.key, state);
    }
    return sets;
  }

  /** After the current turn, so that many partitions assigned in a row are fetched together. */
  #pumpSoon(): void {
    queueMicrotask(() => this.#pump());
  }

  /** Sends a fetch to each leader that has none under way, or a patient one, and whose last one was polled. */
  #pump(): void {
    if (this.#closed) return;
    const byLeader = new Map<number, Assigned[]>();
    const unpolled = new Set<number>();
    let unknown = false;
    for (const state of this.#assigned.values()) {
      if (state.paused || state.fetching || state.error !== undefined) continue;
      const leader = this.#cluster.leader(state.topic, state.partition);
      if (leader === undefined) {
        unknown = true;
        continue;
      }
      if (state.set !== undefined) unpolled.add(leader);
      else byLeader.set(leader, [...byLeader.get(leader) ?? [], state]);
    }
    if (unknown) this.#refresh(0);
    for (const [leader, states] of byLeader) {
      // A fetch now would only wait for the idle partitions, and hold up the ones that are being polled.
      if (unpolled.has(leader)) continue;
      if (!this.#busy.has(leader)) void this.#fetch(leader, states, this.#busy);
      else if (this.#patient.has(leader) && !this.#aside.has(leader)) {
        void this.#fetch(leader, states, this.#aside);
      }
    }
  }

  async #fetch(leader: number, states: readonly Assigned[], underWay: Set<number>): Promise<void> {
    underWay.add(leader);
    for (const state of states) state.fetching = true;
    let session: FetchSession | undefined;
    if (underWay === this.#busy) {
      session = this.#sessions.get(leader);
      if (session === undefined) this.#sessions.set(leader, session = new FetchSession());
      if (this.#isQuiet(leader)) this.#patient.add(leader);
    } else this.#quiet.delete(leader); // the next fetch takes these along, and soon
    try {
      const link = this.#cluster.node(leader);
      if (link === undefined) throw new ConnectionLost(`Broker ${leader} is not known any more`);
      const answer = await this.#ask(link, session, states, this.#patient.has(leader));
      const byKey = new Map(states.map((state) => [state.key, state]));
      const now = performance.now();
      // In a session those that are left out have not changed.
      for (const state of states) state.heardAt = now;
      for (const fetched of answer.partitions) {
        const state = byKey.get(partitionKey(fetched.topic, fetched.partition));
        // Moved or given up meanwhile: not what is wanted any more.
        if (state === undefined || this.#assigned.get(state.key) !== state) continue;
        await this.#accept(state, fetched);
      }
      if (session !== undefined) {
        this.#quiet.set(leader, answer.partitions.length > 0 ? 0 : (this.#quiet.get(leader) ?? 0) + 1);
      }
    } catch (error) {
      session?.failed();
      this.#quiet.delete(leader);
      for (const state of states) this.#cannotRead(state, error, true);
      if (isRetriable(error)) this.#refresh(this.#cluster.settings.retryBackoffMs);
    } finally {
      for (const state of states) state.fetching = false;
      underWay.delete(leader);
      if (session !== undefined) this.#patient.delete(leader);
      if (states.some(({ set, error }) => set !== undefined || error !== undefined)) {
        this.#pollWaits?.();
      }
      this.#pumpSoon();
    }
  }

  #isQuiet(leader: number): boolean {
    return (this.#quiet.get(leader) ?? 0) >= QUIET_ANSWERS;
  }

  /**
   * Sends a request, and once more when the broker does not know its session any more.
   *
   * @param session Without one it goes by the second connection.
   */
  async #ask(
    link: BrokerLink,
    session: FetchSession | undefined,
    states: readonly Assigned[],
    patient: boolean,
  ): Promise<FetchResponse> {
    const { maxWaitMs, quietWaitMs, maxBytes, partitionBytes, isolation } = this.#options;
    const lane = session === undefined ? 1 : 0;
    for (let again = false;; again = true) {
      const body = encodeFetch({
        maxWaitMs: patient && session !== undefined ? quietWaitMs : maxWaitMs,
        maxBytes,
        partitionBytes,
        readCommitted: isolation === "read_committed",
        ...(session?.request(states) ?? { ...NO_SESSION, partitions: states }),
      });
      const answer = decodeFetch(await link.send(FETCH_KEY, "Fetch", FETCH_VERSION, body, { lane }));
      link.throttle(answer.throttleMs, lane);
      const { name, message, retriable } = errorOf(answer.errorCode);
      if (session?.answered(answer.sessionId, name) && !again) continue;
      if (name === "NONE") return answer;
      throw new KafkaError(name, `Cannot fetch from ${link.address}: ${message} (${name})`, retriable);
    }
  }

  async #accept(state: Assigned, fetched: FetchedPartition): Promise<void> {
    const { name, message, retriable } = errorOf(fetched.errorCode);
    if (name === "NONE") {
      const endOffset = this.#options.isolation === "read_committed"
        ? fetched.lastStableOffset
        : fetched.highWatermark;
      const moved = state.endOffset !== endOffset;
      state.endOffset = endOffset;
      state.bounds = { startOffset: fetched.startOffset, endOffset: fetched.highWatermark };
      state.failingSince = undefined;
      if (fetched.records.length === 0) {
        if (moved) this.#options.onEndMoved?.();
        return;
      }
      try {
        const { topic, partition, records, startOffset, aborted } = fetched;
        const set = readRecordSet({
          topic,
          partition,
          fetchOffset: state.offset,
          bytes: records,
          from: 0,
          to: records.length,
          endOffset,
          startOffset,
          abortedTransactions: this.#options.isolation === "read_committed" ? aborted : undefined,
        });
        if (set.nextOffset === state.offset) return;
        state.offset = set.nextOffset;
        state.set = set;
      } catch (error) {
        this.#cannotRead(state, error, false);
      }
    } else if (name === "OFFSET_OUT_OF_RANGE") {
      await this.#moveIntoRange(state);
    } else {
      const error = new KafkaError(
        name,
        `Cannot read ${state.topic}-${state.partition}: ${message} (${name})`,
        retriable || STALE_LEADER.has(name),
      );
      this.#cannotRead(state, error, STALE_LEADER.has(name));
      if (error.retriable) this.#refresh(this.#cluster.settings.retryBackoffMs);
    }
  }

  /** Notes a failure: tried again when it may pass, else thrown by the next poll. */
  #cannotRead(state: Assigned, error: unknown, staleLeader: boolean): void {
    if (!isRetriable(error)) {
      state.error = error instanceof Error ? error : new Error(messageOf(error));
      return;
    }
    if (staleLeader) this.#cluster.forget(state.topic, state.partition);
    const now = performance.now();
    state.failingSince ??= now;
    if (now - Math.max(state.failingSince, state.warnedAt) > WARN_AFTER_MS) {
      state.warnedAt = now;
      this.#cluster.settings.logger.warn(
        `${state.topic}-${state.partition} could not be read for ` +
          `${Math.round((now - state.failingSince) / 1000)} s: ${messageOf(error)}`,
      );
    }
  }

  async #moveIntoRange(state: Assigned): Promise<void> {
    const partition = { topic: state.topic, partition: state.partition };
    const wanted = state.offset;
    const policy = this.#options.outOfRange;
    if (policy === "fail") {
      state.error = new KafkaError(
        "OFFSET_OUT_OF_RANGE",
        `Cannot read ${state.key}: received offset ${wanted}, which the log does not hold (OFFSET_OUT_OF_RANGE)`,
        false,
      );
      return;
    }
    try {
      const [offset] = await this.#admin.offsets([partition], policy);
      if (this.#assigned.get(state.key) !== state) return;
      state.offset = offset!;
      this.#options.onOutOfRange?.(partition, wanted, offset!);
    } catch (error) {
      this.#cannotRead(state, error, true);
    }
  }

  /** Asks for the leaders that are not known, after `waitMs`; one request at a time. */
  #refresh(waitMs: number): void {
    if (this.#refreshing || this.#closed) return;
    this.#refreshing = true;
    this.#refreshTimer = setTimeout(async () => {
      let again = false;
      try {
        const missing = [...this.#assigned.values()]
          .filter(({ topic, partition }) => this.#cluster.leader(topic, partition) === undefined);
        if (missing.length > 0) await this.#cluster.metadata(missing.map(({ topic }) => topic));
        for (const state of missing) {
          if (this.#cluster.leader(state.topic, state.partition) !== undefined) continue;
          again = true;
          const name = "LEADER_NOT_AVAILABLE";
          this.#cannotRead(
            state,
            new KafkaError(name, `there is no such partition, or it has no leader (${name})`, true),
            true,
          );
        }
      } catch (error) {
        again = true;
        for (const state of this.#assigned.values()) this.#cannotRead(state, error, false);
        if (!isRetriable(error)) this.#pollWaits?.();
      }
      this.#refreshing = false;
      if (again) this.#refresh(this.#cluster.settings.retryBackoffMs);
      this.#pump();
    }, waitMs);
  }
}
