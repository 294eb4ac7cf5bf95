/**
 * Reads partitions of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { ConnectionLost, isRetriable, KafkaError } from "./errors.ts";
import type { KafkaAdmin } from "./kafka_admin.ts";
import { FetchSession } from "./fetch_session.ts";
import { type BrokerLink, errorOf } from "./kafkajs_internals.ts";
import { type FetcherOptions, partitionKey } from "./log.ts";
import { type Assigned, PartitionFetcher } from "./partition_fetcher.ts";
import {
  decodeFetch,
  encodeFetch,
  FETCH_KEY,
  FETCH_VERSION,
  type FetchedPartition,
  type FetchResponse,
} from "./protocol/fetch.ts";
import { readRecordSet } from "./record_batch/reader.ts";

/** Kafka's name of the error of a partition that a broker does not know. */
const MISSING = "UNKNOWN_TOPIC_OR_PARTITION";
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
/** After so many answers in a row without anything new a broker may take its time for the next ones … */
const QUIET_ANSWERS = 5;
/** … namely so long unless told, in ms: Kafka's own default for consumers. What comes meanwhile is answered at once all the same. */
const QUIET_WAIT_MS = 500;
/** Says that a request is in no session. */
const NO_SESSION = { sessionId: 0, sessionEpoch: -1, forgotten: [] };

/**
 * One fetch at a time for each leader; the next one is sent when all that the last one brought was polled. While one takes its time,
 * as nothing has come for a while, partitions that are new or resumed don't wait for it: they are fetched on a second connection.
 */
export class KafkaFetcher extends PartitionFetcher {
  readonly #cluster: Cluster;
  readonly #quietWaitMs: number;
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

  constructor(cluster: Cluster, admin: KafkaAdmin, options: FetcherOptions = {}) {
    const { logger, retryBackoffMs } = cluster.settings;
    super({ options, logger, retryBackoffMs, offsets: (partitions, at) => admin.offsets(partitions, at) });
    this.#cluster = cluster;
    this.#quietWaitMs = options.quietWaitMs ?? Math.max(options.maxWaitMs ?? 0, QUIET_WAIT_MS);
    if (options.topics !== undefined) void cluster.prepare(options.topics);
  }

  protected override leaderOf({ topic, partition }: Assigned): number | undefined {
    return this.#cluster.leader(topic, partition);
  }

  protected override forgetLeader({ topic, partition }: Assigned): void {
    this.#cluster.forget(topic, partition);
  }

  protected override disconnect(): Promise<void> {
    return this.#cluster.close();
  }

  protected override fetchFrom(leader: number, states: readonly Assigned[]): void {
    if (!this.#busy.has(leader)) void this.#fetch(leader, states, this.#busy);
    else if (this.#patient.has(leader) && !this.#aside.has(leader)) {
      void this.#fetch(leader, states, this.#aside);
    }
  }

  async #fetch(leader: number, states: readonly Assigned[], underWay: Set<number>): Promise<void> {
    underWay.add(leader);
    let session: FetchSession | undefined;
    if (underWay === this.#busy) {
      session = this.#sessions.get(leader);
      if (session === undefined) this.#sessions.set(leader, session = new FetchSession());
      if (this.#isQuiet(leader)) this.#patient.add(leader);
    } else this.#quiet.delete(leader); // the next fetch takes these along, and soon
    await this.whileFetching(states, async () => {
      try {
        await this.#fetchNow(leader, states, session);
      } catch (error) {
        session?.failed();
        this.#quiet.delete(leader);
        for (const state of states) this.#cannotRead(state, error, true);
        if (isRetriable(error)) this.refresh(this.#cluster.settings.retryBackoffMs);
      } finally {
        underWay.delete(leader);
        if (session !== undefined) this.#patient.delete(leader);
      }
    });
  }

  async #fetchNow(
    leader: number,
    states: readonly Assigned[],
    session: FetchSession | undefined,
  ): Promise<void> {
    const link = this.#cluster.node(leader);
    if (link === undefined) throw new ConnectionLost(`Broker ${leader} is not known any more`);
    const answer = await this.#ask(link, session, states, this.#patient.has(leader));
    const byKey = new Map(states.map((state) => [state.key, state]));
    const now = performance.now();
    // In a session those that are left out have not changed.
    for (const state of states) state.heardAt = now;
    for (const fetched of answer.partitions) {
      const state = byKey.get(partitionKey(fetched.topic, fetched.partition));
      if (state !== undefined && this.isWanted(state)) await this.#accept(state, fetched);
    }
    if (session !== undefined) {
      this.#quiet.set(leader, answer.partitions.length > 0 ? 0 : (this.#quiet.get(leader) ?? 0) + 1);
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
    const { maxWaitMs, maxBytes, partitionBytes, readCommitted } = this.settings;
    const lane = session === undefined ? 1 : 0;
    for (let again = false;; again = true) {
      const body = encodeFetch({
        maxWaitMs: patient && session !== undefined ? this.#quietWaitMs : maxWaitMs,
        maxBytes,
        partitionBytes,
        readCommitted,
        ...(session?.request(states) ?? { ...NO_SESSION, partitions: states }),
      });
      const answer = await link.send(FETCH_KEY, "Fetch", FETCH_VERSION, body, { lane, decode: decodeFetch });
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
      const { readCommitted } = this.settings;
      const endOffset = readCommitted ? fetched.lastStableOffset : fetched.highWatermark;
      state.bounds = { startOffset: fetched.startOffset, endOffset: fetched.highWatermark };
      state.failingSince = undefined;
      this.noteEnd(state, endOffset, fetched.records.length > 0);
      if (fetched.records.length === 0) return;
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
          abortedTransactions: readCommitted ? aborted : undefined,
        });
        if (set.nextOffset === state.offset) return;
        state.offset = set.nextOffset;
        state.set = set;
      } catch (error) {
        this.#cannotRead(state, error, false);
      }
    } else if (name === "OFFSET_OUT_OF_RANGE") {
      await this.moveIntoRange(state);
    } else {
      const error = new KafkaError(
        name,
        `Cannot read ${state.topic}-${state.partition}: ${message} (${name})`,
        retriable || STALE_LEADER.has(name),
      );
      if (name === MISSING) this.tellMissing(state);
      this.#cannotRead(state, error, STALE_LEADER.has(name));
      if (error.retriable) this.refresh(this.#cluster.settings.retryBackoffMs);
    }
  }

  #cannotRead(state: Assigned, error: unknown, staleLeader: boolean): void {
    this.#cluster.settings.health?.failed(error);
    if (this.cannotRead(state, error) && staleLeader) this.forgetLeader(state);
  }

  protected override async findLeaders(): Promise<boolean> {
    const missing = [...this.assigned.values()].filter((state) => this.leaderOf(state) === undefined);
    const known = missing.length > 0
      ? await this.#cluster.metadata(missing.map(({ topic }) => topic))
      : undefined;
    for (const state of missing) if (known?.get(state.topic)?.error === MISSING) this.tellMissing(state);
    const unknown = missing.filter((state) => this.leaderOf(state) === undefined);
    const name = "LEADER_NOT_AVAILABLE";
    const error = new KafkaError(name, `there is no such partition, or it has no leader (${name})`, true);
    for (const state of unknown) this.#cannotRead(state, error, true);
    return unknown.length > 0;
  }

  protected override leadersFailed(error: unknown): Promise<void> {
    for (const state of this.assigned.values()) this.cannotRead(state, error);
    if (!isRetriable(error)) this.wakePoll();
    return Promise.resolve();
  }
}
