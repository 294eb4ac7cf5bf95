/**
 * Reads partitions of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import type { KafkaAdmin } from "./admin.ts";
import { FetchSession } from "./fetch_session.ts";
import { FetchSize } from "./fetch_size.ts";
import type { BrokerLink } from "./broker_link.ts";
import { errorOf } from "./kafkajs_internals.ts";
import { ConnectionLost, isRetriable, KafkaError } from "../port/errors.ts";
import type { FetcherOptions } from "../port/fetcher.ts";
import { partitionKey } from "../port/topics.ts";
import { type Assigned, MISSING, MOST_TRIES, PartitionFetcher } from "./partition_fetcher.ts";
import {
  checkedFetch,
  DamagedAnswer,
  encodeFetch,
  FETCH_KEY,
  FETCH_VERSION,
  type FetchedPartition,
  type FetchResponse,
} from "../wire/protocol/fetch.ts";
import { CorruptRecordError } from "../wire/record_batch/errors.ts";
import { isUnreadable, readRecordSet, type UnreadableBatch } from "../wire/record_batch/reader.ts";
import type { RecordSet } from "../port/record_set.ts";

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
/** What the parallel arrays of a record set take a record, in bytes. */
const ARRAYS_BYTES = 36;

/**
 * One fetch at a time for each leader; the next one is sent when all that the last one brought was polled. While one takes its time,
 * as nothing has come for a while, partitions that are new or resumed don't wait for it: they are fetched on a second connection.
 * Where the way to a broker is long, a fetch brings more ({@linkcode FetchSize}), so that it lasts until the next one is there.
 *
 * What can't be right in an answer (a batch that its checksum does not fit, a partition that was not asked for) never gets further: it
 * is fetched again on a new connection, with what comes before it kept, and ends the reading only when it comes again and again.
 */
export class KafkaFetcher extends PartitionFetcher {
  readonly #cluster: Cluster;
  readonly #quietWaitMs: number;
  /** By leader. */
  readonly #sessions = new Map<number, FetchSession>();
  /** By leader. */
  readonly #sizes = new Map<number, FetchSize>();
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
        if (error instanceof DamagedAnswer || (error instanceof KafkaError && !error.retriable)) {
          return this.#doubt(leader, states, error, session);
        }
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
    const byKey = new Map(states.map((state) => [state.key, state]));
    const size = this.#sizeOf(leader);
    const asked = performance.now();
    const answer = await this.#ask(link, session, byKey, size, this.#patient.has(leader));
    const now = performance.now();
    // In a session those that are left out have not changed.
    for (const state of states) state.heardAt = now;
    const told = new Set<Assigned>();
    let unreadable = false;
    let records = false;
    for (const fetched of answer.partitions) {
      const state = byKey.get(partitionKey(fetched.topic, fetched.partition))!;
      told.add(state);
      if (fetched.records.length > 0) {
        records = true;
        size.received(state.key, fetched.records.length);
      }
      if (this.isWanted(state) && !await this.#accept(state, fetched, link.address)) unreadable = true;
    }
    for (const state of states) if (!told.has(state)) this.believed(state);
    if (records) size.answered(now, now - asked, this.settings.longLinkBytes / this.#sizes.size);
    if (unreadable) {
      session?.failed();
      link.reset(session === undefined ? 1 : 0);
    }
    if (session !== undefined) {
      this.#quiet.set(leader, answer.partitions.length > 0 ? 0 : (this.#quiet.get(leader) ?? 0) + 1);
    }
  }

  #sizeOf(leader: number): FetchSize {
    let size = this.#sizes.get(leader);
    if (size === undefined) this.#sizes.set(leader, size = new FetchSize(this.settings));
    return size;
  }

  /** Has all partitions of an answer that can't be right, or may not be, fetched again on a new connection, for a while. */
  #doubt(
    leader: number,
    states: readonly Assigned[],
    error: DamagedAnswer | KafkaError,
    session: FetchSession | undefined,
  ): void {
    const link = this.#cluster.node(leader);
    const from = link?.address ?? `broker ${leader}`;
    const refused = error instanceof KafkaError;
    this.#cluster.settings.health?.failed(error);
    for (const state of states) {
      if (!this.isWanted(state)) continue;
      if (this.fetchAgain(state, error.message, from, refused)) continue;
      if (refused) {
        state.error = error;
        continue;
      }
      const text =
        `Cannot read ${state.key} at offset ${state.offset}: received ${error.message} from ${from} ` +
        `${MOST_TRIES} times in a row; is it a Kafka broker, and is what is between damaging what passes?`;
      state.error = new Error(text, { cause: error });
    }
    link?.reset(session === undefined ? 1 : 0);
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
    byKey: ReadonlyMap<string, Assigned>,
    size: FetchSize,
    patient: boolean,
  ): Promise<FetchResponse> {
    const { maxWaitMs, bufferBytes, readCommitted } = this.settings;
    const states = [...byKey.values()];
    const { partitionBytes } = size;
    // However full it is, one that is waited for gets on: else two sides of a join could wait for each other.
    const room = Math.max(this.settings.partitionBytes, bufferBytes - this.heldBytes);
    const maxBytes = Math.min(size.maxBytes, room);
    const lane = session === undefined ? 1 : 0;
    for (let again = false;; again = true) {
      const asked = session?.request(states) ?? { ...NO_SESSION, partitions: states };
      const body = encodeFetch({
        maxWaitMs: patient && session !== undefined ? this.#quietWaitMs : maxWaitMs,
        maxBytes,
        partitionBytes,
        readCommitted,
        ...asked,
      });
      const bytes = await link.send(FETCH_KEY, "Fetch", FETCH_VERSION, body, { lane, decode: asIs });
      const answer = checkedFetch(bytes, byKey, asked.sessionEpoch > 0);
      link.throttle(answer.throttleMs, lane);
      const { name, message, retriable } = errorOf(answer.errorCode);
      if (session?.answered(answer.sessionId, name) && !again) continue;
      if (name === "NONE") return answer;
      throw new KafkaError(name, `Cannot fetch from ${link.address}: ${message} (${name})`, retriable);
    }
  }

  /** Returns false when it has to be fetched again on another connection. */
  async #accept(state: Assigned, fetched: FetchedPartition, from: string): Promise<boolean> {
    const { name, message, retriable } = errorOf(fetched.errorCode);
    if (name === "NONE") {
      const { readCommitted } = this.settings;
      const endOffset = readCommitted ? fetched.lastStableOffset : fetched.highWatermark;
      state.bounds = { startOffset: fetched.startOffset, endOffset: fetched.highWatermark };
      state.failingSince = undefined;
      this.noteEnd(state, endOffset, fetched.records.length > 0);
      return this.#read(state, fetched, endOffset, from);
    } else if (name === "OFFSET_OUT_OF_RANGE") {
      await this.moveIntoRange(state, from);
    } else {
      const error = new KafkaError(
        name,
        `Cannot read ${state.topic}-${state.partition}: ${message} (${name})`,
        retriable || STALE_LEADER.has(name),
      );
      // One wrong byte can make any error of none.
      if (!error.retriable && this.fetchAgain(state, `${message} (${name})`, from, true)) {
        this.#cluster.settings.health?.failed(error);
        return false;
      }
      if (name === MISSING) this.tellMissing(state);
      this.#cannotRead(state, error, STALE_LEADER.has(name));
      const { retryBackoffMs } = this.#cluster.settings;
      if (STALE_LEADER.has(name)) this.refresh(retryBackoffMs);
      else if (error.retriable) this.putOff(state, retryBackoffMs);
    }
    return true;
  }

  /** Takes what was fetched up to the first batch that can't be read. Returns false when there is one. */
  #read(state: Assigned, fetched: FetchedPartition, endOffset: number, from: string): boolean {
    const { topic, partition, records, startOffset, aborted } = fetched;
    let unreadable: UnreadableBatch | undefined;
    let set: RecordSet | undefined;
    try {
      if (records.length > 0) {
        set = readRecordSet({
          topic,
          partition,
          fetchOffset: state.offset,
          bytes: records,
          from: 0,
          to: records.length,
          endOffset,
          startOffset,
          abortedTransactions: this.settings.readCommitted ? aborted : undefined,
          onUnreadable: (error) => unreadable = error,
        });
      }
    } catch (error) {
      if (isUnreadable(error)) unreadable = error;
      else {
        this.#cannotRead(state, error, false);
        return true;
      }
    }
    if (set !== undefined && set.nextOffset !== state.offset) {
      state.offset = set.nextOffset;
      state.set = set;
      const own = set.bytes.buffer === records.buffer ? records.length : set.bytes.length;
      state.heldBytes = own + set.count * ARRAYS_BYTES;
      this.believed(state);
    }
    if (unreadable === undefined) {
      this.believed(state);
      return true;
    }
    this.#cluster.settings.health?.failed(unreadable);
    if (!this.fetchAgain(state, unreadable.received, from)) state.error = damaged(unreadable, from);
    return false;
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

/** The answer's bytes: what is wrong about them has to be told of by partition. */
function asIs(bytes: Uint8Array): Uint8Array {
  return bytes;
}

/** What to do about a batch that is the same however often it is fetched. */
function damaged(error: UnreadableBatch, from: string): Error {
  // The remedy of one that is not supported is its own.
  if (!(error instanceof CorruptRecordError)) return error;
  return new Error(
    `Cannot read ${error.topic}-${error.partition} at offset ${error.offset}: received ${error.received} from ${from} ` +
      `${MOST_TRIES} times in a row, so the batch is damaged where it is stored; restore it from a replica (stop this leader, ` +
      `so that another one takes over), or set the group's offset past the batch, whose records are lost then`,
    { cause: error },
  );
}
