/**
 * The fetcher of a Kafka cluster. A poll takes what was fetched; what is not held then is asked for of each
 * broker (`broker_fetch.ts`), whose answer is taken up by partition (`partition_reader.ts`).
 *
 * @module
 */
import type { KafkaAdmin } from "./admin.ts";
import { BrokerFetch, type BrokerFetchParts } from "./broker_fetch.ts";
import type { Lane } from "./broker_link.ts";
import type { Cluster } from "./cluster.ts";
import { LeaderSearch } from "./leader_search.ts";
import { OutOfRange } from "./out_of_range.ts";
import { PartitionReader } from "./partition_reader.ts";
import { ReadFailures } from "./read_failures.ts";
import { type ReadState, type ReadStates, readStates } from "./read_state.ts";
import { fetchSettings } from "../common/fetch_settings.ts";
import { Polling } from "../common/polling.ts";
import type { Fetcher, FetcherOptions, PartitionBounds } from "../port/fetcher.ts";
import type { RecordSet } from "../port/record_set.ts";
import type { TopicPartition } from "../port/topics.ts";

/** Bounds are told of only when they are not older than this, in ms. */
const FRESH_MS = 1_000;

/**
 * One fetch at a time for each leader; the next one is sent when all that the last one brought was polled.
 */
export class KafkaFetcher implements Fetcher {
  readonly #cluster: Cluster;
  readonly #states: ReadStates = readStates();
  readonly #polling = new Polling();
  readonly #failures: ReadFailures;
  readonly #leaders: LeaderSearch;
  readonly #brokerParts: BrokerFetchParts;
  /** The fetches from each broker, by node id. */
  readonly #brokers = new Map<number, BrokerFetch>();
  #closed = false;

  constructor(cluster: Cluster, admin: KafkaAdmin, options: FetcherOptions = {}) {
    const settings = fetchSettings(options);
    const states = this.#states;
    const failures = new ReadFailures(cluster, () => this.#pump());
    const leaders = new LeaderSearch({
      cluster,
      states,
      failures,
      onMissing: options.onMissing,
      onFound: () => this.#pump(),
      onRefused: () => this.#polling.wake(),
    });
    const outOfRange = new OutOfRange({
      states,
      failures,
      leaders,
      options,
      offsets: (partitions, at) => admin.offsets(partitions, at),
    });
    const { readCommitted } = settings;
    const reader = new PartitionReader({ cluster, failures, leaders, outOfRange, readCommitted, options });
    this.#cluster = cluster;
    this.#failures = failures;
    this.#leaders = leaders;
    const brokers = () => this.#brokers.size;
    this.#brokerParts = { cluster, settings, states, reader, failures, leaders, brokers };
    if (options.topics !== undefined) void cluster.prepare(options.topics);
  }

  assign(partition: TopicPartition, offset: number): void {
    this.#states.assign(partition, offset);
    this.#pumpSoon();
  }

  unassign(partition: TopicPartition): void {
    this.#states.unassign(partition);
  }

  pause(partition: TopicPartition): void {
    this.#states.pause(partition);
  }

  resume(partition: TopicPartition): void {
    const state = this.#states.resume(partition);
    if (state === undefined) return;
    if (state.set !== undefined) this.#polling.wake();
    this.#pumpSoon();
  }

  poll(timeoutMs: number): Promise<RecordSet[]> {
    return this.#polling.poll(timeoutMs, () => {
      const sets = this.#take();
      this.#pump();
      return sets;
    });
  }

  wakeup(): void {
    this.#polling.wakeup();
  }

  endOffset(partition: TopicPartition): number | undefined {
    return this.#states.get(partition)?.endOffset;
  }

  bounds(partition: TopicPartition): PartitionBounds | undefined {
    const state = this.#states.get(partition);
    return state !== undefined && performance.now() - state.heardAt <= FRESH_MS ? state.bounds : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#states.clear();
    this.#leaders.close();
    this.#failures.close();
    this.#polling.close();
    await this.#cluster.close();
  }

  /** What was fetched of partitions that are not paused. */
  #take(): RecordSet[] {
    // Before any set is taken: what is taken and not returned would be lost.
    for (const { error, paused } of this.#states) if (error !== undefined && !paused) throw error;
    const sets: RecordSet[] = [];
    for (const state of [...this.#states]) {
      if (state.paused || state.set === undefined) continue;
      sets.push(state.set);
      state.set = undefined;
      this.#states.serveLast(state);
    }
    return sets;
  }

  /** After the current turn, so that many partitions assigned in a row are fetched together. */
  #pumpSoon(): void {
    queueMicrotask(() => this.#pump());
  }

  /** Sends a fetch to each leader whose last one was polled. */
  #pump(): void {
    if (this.#closed) return;
    for (const [leader, states] of this.#due()) {
      const broker = this.#broker(leader);
      const lane = broker.freeLane;
      if (lane !== undefined) void this.#fetch(broker, lane, states);
    }
  }

  /**
   * What is to be fetched now, by leader: all that is neither held nor under way, of leaders of which nothing
   * is held.
   */
  #due(): Map<number, ReadState[]> {
    const due = new Map<number, ReadState[]>();
    const unpolled = new Set<number>();
    const now = performance.now();
    for (const state of this.#states) {
      if (state.paused || state.fetching || state.error !== undefined || state.retryAt > now) continue;
      const leader = this.#leaders.leaderOf(state);
      if (leader === undefined) this.#leaders.begin("at once");
      else if (state.set !== undefined) unpolled.add(leader);
      else {
        const states = due.get(leader);
        if (states === undefined) due.set(leader, [state]);
        else states.push(state);
      }
    }
    // A fetch now would only wait for the idle partitions, and hold up the ones that are being polled.
    for (const leader of unpolled) due.delete(leader);
    return due;
  }

  async #fetch(broker: BrokerFetch, lane: Lane, states: readonly ReadState[]): Promise<void> {
    for (const state of states) state.fetching = true;
    try {
      await broker.fetch(states, lane);
    } finally {
      // Also after a logger that throws: else nobody would ever ask for these partitions again.
      for (const state of states) state.fetching = false;
    }
    if (states.some(({ set, error }) => set !== undefined || error !== undefined)) this.#polling.wake();
    this.#pumpSoon();
  }

  #broker(nodeId: number): BrokerFetch {
    let broker = this.#brokers.get(nodeId);
    if (broker === undefined) this.#brokers.set(nodeId, broker = new BrokerFetch(nodeId, this.#brokerParts));
    return broker;
  }
}
