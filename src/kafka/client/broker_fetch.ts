/**
 * The fetches of one fetcher from one broker.
 *
 * @module
 */
import type { BrokerLink, Lane } from "./broker_link.ts";
import type { Cluster } from "./cluster.ts";
import { FetchSession } from "./fetch_session.ts";
import { FetchSize } from "./fetch_size.ts";
import { errorOf } from "./kafkajs_internals.ts";
import type { LeaderSearch } from "./leader_search.ts";
import type { PartitionReader } from "./partition_reader.ts";
import { believed, MOST_TRIES, type ReadFailures } from "./read_failures.ts";
import { heldBytes, type ReadState, type ReadStates } from "./read_state.ts";
import type { FetchSettings } from "../common/fetch_settings.ts";
import { ConnectionLost, isRetriable, KafkaError } from "../port/errors.ts";
import { partitionKey } from "../port/topics.ts";
import { DamagedAnswer } from "../wire/protocol/damaged_answer.ts";
import {
  checkedFetch,
  encodeFetch,
  FETCH_KEY,
  FETCH_VERSION,
  type FetchResponse,
} from "../wire/protocol/fetch.ts";

/**
 * After so many answers in a row without anything new a broker may take its time for the next ones; what
 * comes is answered at once.
 */
const QUIET_ANSWERS = 5;
/** The lane of fetches that are in the session. */
const MAIN: Lane = 0;
/** The lane of fetches that don't wait for one that takes its time. */
const ASIDE: Lane = 1;
/**
 * Once what an answer has is so much larger than the answer, in bytes, the partitions that follow are left
 * for the next fetch: a few KiB of each of many may unpack to a hundred MiB.
 */
const MOST_UNPACKED_BYTES = 134_217_728;
/** Says that a request is in no session. */
const NO_SESSION = { sessionId: 0, sessionEpoch: -1, forgotten: [] };

/** What the fetches of all brokers share. */
export interface BrokerFetchParts {
  readonly cluster: Cluster;
  readonly settings: FetchSettings;
  readonly states: ReadStates;
  readonly reader: PartitionReader;
  readonly failures: ReadFailures;
  readonly leaders: LeaderSearch;
  /** How many brokers are fetched from: they share what may be under way on long ways. */
  readonly brokers: () => number;
}

/**
 * One fetch at a time, in a session. While it takes its time, as nothing has come for a while, partitions
 * that are new or resumed don't wait for it: they are fetched on a second connection. Where the way to the
 * broker is long, a fetch brings more ({@linkcode FetchSize}), so that it lasts until the next one is there.
 */
export class BrokerFetch {
  readonly #nodeId: number;
  readonly #parts: BrokerFetchParts;
  readonly #session = new FetchSession();
  readonly #size: FetchSize;
  /** The lanes with a fetch under way. */
  readonly #busy = new Set<Lane>();
  /** Whether the fetch in the session may take its time. */
  #patient = false;
  /** How many answers in a row had nothing new. */
  #quiet = 0;

  constructor(nodeId: number, parts: BrokerFetchParts) {
    this.#nodeId = nodeId;
    this.#parts = parts;
    this.#size = new FetchSize(parts.settings);
  }

  /** By which lane a fetch can be sent now; `undefined` when it has to wait. */
  get freeLane(): Lane | undefined {
    if (!this.#busy.has(MAIN)) return MAIN;
    return this.#patient && !this.#busy.has(ASIDE) ? ASIDE : undefined;
  }

  /**
   * Fetches partitions that the broker leads by a free lane. Never rejects: what goes wrong is noted of the
   * partitions.
   */
  async fetch(states: readonly ReadState[], lane: Lane): Promise<void> {
    this.#busy.add(lane);
    if (lane === MAIN) this.#patient = this.#quiet >= QUIET_ANSWERS;
    else this.#quiet = 0; // the next fetch takes these along, and soon
    try {
      await this.#fetch(states, lane);
    } catch (error) {
      this.#failed(states, lane, error);
    } finally {
      this.#busy.delete(lane);
      if (lane === MAIN) this.#patient = false;
    }
  }

  async #fetch(states: readonly ReadState[], lane: Lane): Promise<void> {
    const link = this.#parts.cluster.node(this.#nodeId);
    if (link === undefined) throw new ConnectionLost(`Broker ${this.#nodeId} is not known any more`);
    const byKey = new Map(states.map((state) => [state.key, state]));
    const asked = performance.now();
    const answer = await this.#ask(link, lane, states, byKey);
    this.#heard(states, byKey, answer, asked);
    if (lane === MAIN) this.#quiet = answer.partitions.length > 0 ? 0 : this.#quiet + 1;
    if (await this.#accept(byKey, answer, link.address)) return;
    if (lane === MAIN) this.#session.failed();
    link.reset(lane);
  }

  /** Sends a request, and once more when the broker does not know its session any more. */
  async #ask(
    link: BrokerLink,
    lane: Lane,
    states: readonly ReadState[],
    byKey: ReadonlyMap<string, ReadState>,
  ): Promise<FetchResponse> {
    const { maxWaitMs, quietWaitMs, readCommitted } = this.#parts.settings;
    const bounds = { maxBytes: this.#maxBytes(), partitionBytes: this.#size.partitionBytes };
    const waitMs = lane === MAIN && this.#patient ? quietWaitMs : maxWaitMs;
    for (let again = false;; again = true) {
      const asked = lane === MAIN ? this.#session.request(states) : { ...NO_SESSION, partitions: states };
      const body = encodeFetch({ maxWaitMs: waitMs, ...bounds, readCommitted, ...asked });
      const bytes = await link.send(FETCH_KEY, "Fetch", FETCH_VERSION, body, { lane, decode: asIs });
      const answer = checkedFetch(bytes, byKey, asked.sessionEpoch > 0);
      link.throttle(answer.throttleMs, lane);
      const { name, message, retriable } = errorOf(answer.errorCode);
      if (lane === MAIN && this.#session.answered(answer.sessionId, name) && !again) continue;
      if (name === "NONE") return answer;
      throw new KafkaError(name, `Cannot fetch from ${link.address}: ${message} (${name})`, retriable);
    }
  }

  /**
   * What an answer may bring. However full it is, what is waited for gets on: else two sides of a join could
   * wait for each other.
   */
  #maxBytes(): number {
    const { partitionBytes, bufferBytes } = this.#parts.settings;
    const room = Math.max(partitionBytes, bufferBytes - heldBytes(this.#parts.states));
    return Math.min(this.#size.maxBytes, room);
  }

  /** Notes when an answer came, and how much it brought. */
  #heard(
    states: readonly ReadState[],
    byKey: ReadonlyMap<string, ReadState>,
    answer: FetchResponse,
    asked: number,
  ): void {
    const now = performance.now();
    const silent = new Set(states);
    let records = false;
    for (const { topic, partition, records: { length } } of answer.partitions) {
      const state = byKey.get(partitionKey(topic, partition))!;
      silent.delete(state);
      if (length === 0) continue;
      records = true;
      this.#size.received(state.key, length);
    }
    // In a session those that are left out have not changed.
    for (const state of states) state.heardAt = now;
    for (const state of silent) believed(state);
    const { settings, brokers } = this.#parts;
    if (records) this.#size.answered(now, now - asked, settings.longLinkBytes / brokers());
  }

  /**
   * Takes up what an answer has for each partition. Returns false when something has to be fetched again on
   * another connection.
   */
  async #accept(
    byKey: ReadonlyMap<string, ReadState>,
    answer: FetchResponse,
    from: string,
  ): Promise<boolean> {
    const { states, reader } = this.#parts;
    let readable = true;
    let unpacked = 0;
    for (const fetched of answer.partitions) {
      const { length } = fetched.records;
      if (length > 0 && unpacked >= MOST_UNPACKED_BYTES) continue; // comes again with the next fetch
      const state = byKey.get(partitionKey(fetched.topic, fetched.partition))!;
      if (states.holds(state) && !await reader.accept(state, fetched, from)) readable = false;
      if (state.set !== undefined) unpacked += Math.max(0, state.heldBytes - length);
    }
    return readable;
  }

  #failed(states: readonly ReadState[], lane: Lane, error: unknown): void {
    if (lane === MAIN) this.#session.failed();
    this.#quiet = 0;
    if (error instanceof DamagedAnswer || (error instanceof KafkaError && !error.retriable)) {
      return this.#doubt(states, lane, error);
    }
    const { failures, leaders } = this.#parts;
    for (const state of states) failures.failed(state, error, true);
    if (isRetriable(error)) leaders.begin("a failure");
  }

  /**
   * Has all partitions of an answer that can't be right, or may not be, fetched again on a new connection,
   * for a while.
   */
  #doubt(states: readonly ReadState[], lane: Lane, error: DamagedAnswer | KafkaError): void {
    const { cluster, failures } = this.#parts;
    const link = cluster.node(this.#nodeId);
    const from = link?.address ?? `broker ${this.#nodeId}`;
    const refused = error instanceof KafkaError;
    cluster.settings.health?.failed(error);
    for (const state of states) {
      if (!this.#parts.states.holds(state)) continue;
      if (failures.fetchAgain(state, error.message, from, refused)) continue;
      state.error = refused ? error : damagedAnswers(state, error, from);
    }
    link?.reset(lane);
  }
}

/** The answer's bytes: what is wrong about them has to be told of by partition. */
function asIs(bytes: Uint8Array): Uint8Array {
  return bytes;
}

function damagedAnswers({ key, offset }: ReadState, error: DamagedAnswer, from: string): Error {
  const text = `Cannot read ${key} at offset ${offset}: received ${error.message} from ${from} ` +
    `${MOST_TRIES} times in a row; is it a Kafka broker, and is what is between damaging what passes?`;
  return new Error(text, { cause: error });
}
