/**
 * Reads partitions of a Kafka cluster, by kafkajs's public interface.
 *
 * @module
 */
import type { Broker, Cluster } from "kafkajs";
import { ConnectionLost, isRetriable, KafkaError, messageOf } from "../errors.ts";
import {
  type Fetcher,
  type FetcherOptions,
  type PartitionBounds,
  partitionKey,
  type TopicPartition,
} from "../log.ts";
import type { RecordSet } from "../record_set.ts";
import type { PublicAdmin } from "./admin.ts";
import { causeOf, changed, type ClusterAccess, translate } from "./client.ts";
import { topicMetadata } from "./metadata.ts";
import { endOf, type FetchedPartition, recordSet } from "./record_sets.ts";

/** A partition that can't be read for so long is told of, in ms, and again each time as much later. */
const WARN_AFTER_MS = 30_000;

/** How old the bounds of a partition may be, in ms. */
const FRESH_MS = 1_000;

/** What a fetcher's user is told of. */
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
  /** When an answer last told of its bounds. */
  heardAt: number;
  /** Fetched and not yet polled. */
  set: RecordSet | undefined;
  fetching: boolean;
  /** To be fetched alone: kafkajs tells one error for all partitions of a fetch, and not always of which; or nothing came though there is something. */
  alone: boolean;
  /** Why it can't be read, for good. */
  error: Error | undefined;
  /** Since when it can't be read, and is tried again. */
  failingSince: number | undefined;
  warnedAt: number;
}

/** The fetch request is sent by kafkajs's broker objects: see {@linkcode ClusterAccess}. One fetch at a time for each leader. */
export class PublicFetcher implements Fetcher {
  readonly #access: ClusterAccess;
  readonly #admin: PublicAdmin;
  readonly #options:
    & Required<Omit<FetcherOptions, Told | "quietWaitMs" | "topics">>
    & Pick<FetcherOptions, Told>;
  /** In the order in which they are to be served. */
  readonly #assigned = new Map<string, Assigned>();
  /** Node ids by partition. */
  readonly #leaders = new Map<string, number>();
  readonly #busy = new Set<number>();
  #refreshing = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #pollWaits: (() => void) | undefined;
  #woken = false;
  #closed = false;

  constructor(access: ClusterAccess, admin: PublicAdmin, options: FetcherOptions = {}) {
    this.#access = access;
    this.#admin = admin;
    this.#options = {
      maxWaitMs: options.maxWaitMs ?? 100,
      partitionBytes: options.partitionBytes ?? 147_456,
      maxBytes: options.maxBytes ?? 4_194_304,
      isolation: options.isolation ?? "read_committed",
      outOfRange: options.outOfRange ?? "earliest",
      onOutOfRange: options.onOutOfRange,
      onEndMoved: options.onEndMoved,
    };
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
      heardAt: known?.heardAt ?? 0,
      set: undefined,
      fetching: false,
      alone: false,
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
    await this.#access.close();
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

  /** Sends a fetch to each leader that has none under way and whose last one was polled. */
  #pump(): void {
    if (this.#closed) return;
    const byLeader = new Map<number, Assigned[]>();
    const unpolled = new Set<number>();
    let unknown = false;
    for (const state of this.#assigned.values()) {
      if (state.paused || state.fetching || state.error !== undefined) continue;
      const leader = this.#leaders.get(state.key);
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
      if (this.#busy.has(leader) || unpolled.has(leader)) continue;
      const alone = states.find((state) => state.alone);
      void this.#fetch(leader, alone === undefined ? states : [alone]);
    }
  }

  async #fetch(leader: number, states: readonly Assigned[]): Promise<void> {
    this.#busy.add(leader);
    for (const state of states) state.fetching = true;
    try {
      await this.#ask(leader, states);
    } catch (error) {
      await this.#failed(states, error);
    } finally {
      for (const state of states) state.fetching = false;
      this.#busy.delete(leader);
      if (states.some(({ set, error }) => set !== undefined || error !== undefined)) this.#pollWaits?.();
      this.#pumpSoon();
    }
  }

  async #ask(leader: number, states: readonly Assigned[]): Promise<void> {
    const cluster = await this.#access.cluster();
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const { maxWaitMs, maxBytes, partitionBytes, isolation } = this.#options;
    const readCommitted = isolation === "read_committed";
    const answer = await fetchFrom(broker, {
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes,
      isolationLevel: readCommitted ? 1 : 0,
      topics: Object.entries(Object.groupBy(states, ({ topic }) => topic)).map(([topic, list]) => ({
        topic,
        partitions: list!.map(({ partition, offset }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: partitionBytes,
        })),
      })),
    });
    const byKey = new Map(states.map((state) => [state.key, state]));
    for (const { topicName: topic, partitions } of answer) {
      for (const fetched of partitions) {
        const state = byKey.get(partitionKey(topic, fetched.partition));
        // Moved or given up meanwhile: not what is wanted any more.
        if (state === undefined || this.#assigned.get(state.key) !== state) continue;
        this.#accept(state, fetched, readCommitted, states.length === 1);
      }
    }
  }

  #accept(state: Assigned, fetched: FetchedPartition, readCommitted: boolean, alone: boolean): void {
    state.failingSince = undefined;
    state.alone = false;
    try {
      const { topic, offset } = state;
      const end = endOf(fetched, readCommitted);
      const moved = end !== state.endOffset;
      state.endOffset = end;
      if (fetched.lastStartOffset !== undefined) {
        state.bounds = {
          startOffset: Number(fetched.lastStartOffset),
          endOffset: Number(fetched.highWatermark),
        };
        state.heardAt = performance.now();
      }
      const set = recordSet(fetched, { topic, offset, readCommitted });
      if (set !== undefined) {
        state.offset = set.nextOffset;
        state.set = set;
      } else if (offset < end) {
        // The others took all that a fetch may bring. But alone it would have got at least a batch: one that log compaction has emptied.
        if (alone) state.offset++;
        else state.alone = true;
      }
      if (set === undefined && moved) this.#options.onEndMoved?.();
    } catch (error) {
      state.error = error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  async #failed(states: readonly Assigned[], error: unknown): Promise<void> {
    const { code } = causeOf(error);
    if (code === "OFFSET_OUT_OF_RANGE") {
      const { topic, partition } = error as { topic?: string; partition?: number };
      const state = states.find((state) => state.topic === topic && state.partition === partition);
      if (state !== undefined) {
        if (this.#assigned.get(state.key) === state) await this.#moveIntoRange(state);
        return;
      }
    }
    if (code !== undefined && states.length > 1) {
      for (const state of states) state.alone = true;
      return;
    }
    for (const state of states) this.#cannotRead(state, error);
    const broken = translate(error, "Cannot fetch");
    if (!isRetriable(broken)) return;
    if (broken instanceof ConnectionLost) await this.#reconnect();
    this.#refresh(this.#access.settings.config.retryBackoffMs);
  }

  async #reconnect(): Promise<void> {
    this.#leaders.clear();
    try {
      await this.#access.reset(await this.#access.cluster());
    } catch {
      // The refresh tells.
    }
  }

  /** Notes a failure: tried again when it may pass, else thrown by the next poll. */
  #cannotRead(state: Assigned, error: unknown): void {
    const translated = translate(error, `Cannot read ${state.key}`);
    if (!isRetriable(translated)) {
      state.error = translated;
      return;
    }
    this.#leaders.delete(state.key);
    const now = performance.now();
    state.failingSince ??= now;
    if (now - Math.max(state.failingSince, state.warnedAt) > WARN_AFTER_MS) {
      state.warnedAt = now;
      this.#access.settings.logger.warn(
        `${state.key} could not be read for ${
          Math.round((now - state.failingSince) / 1000)
        } s: ${translated.message}`,
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
      this.#cannotRead(state, error);
    }
  }

  /** Asks for the leaders that are not known, after `waitMs`; one request at a time. */
  #refresh(waitMs: number): void {
    if (this.#refreshing || this.#closed) return;
    this.#refreshing = true;
    this.#refreshTimer = setTimeout(async () => {
      let again = false;
      try {
        again = await this.#findLeaders(await this.#access.cluster());
      } catch (error) {
        again = true;
        for (const state of this.#assigned.values()) this.#cannotRead(state, error);
        if (!isRetriable(translate(error, ""))) this.#pollWaits?.();
        else await this.#reconnect();
      }
      this.#refreshing = false;
      if (again) this.#refresh(this.#access.settings.config.retryBackoffMs);
      this.#pump();
    }, waitMs);
  }

  /** Whether some are still not known. */
  async #findLeaders(cluster: Cluster): Promise<boolean> {
    const missing = [...this.#assigned.values()].filter(({ key }) => !this.#leaders.has(key));
    const known = await topicMetadata(cluster, [...new Set(missing.map(({ topic }) => topic))]);
    let again = false;
    for (const state of missing) {
      const { leaders, error } = known.get(state.topic) ??
        { leaders: [], error: "UNKNOWN_TOPIC_OR_PARTITION" };
      const leader = leaders[state.partition] ?? -1;
      if (leader >= 0) {
        this.#leaders.set(state.key, leader);
        continue;
      }
      again = true;
      const name = error === "NONE" ? "LEADER_NOT_AVAILABLE" : error;
      const passes = PASSING.has(name);
      this.#cannotRead(state, new KafkaError(name, `Cannot read ${state.key}: ${name}`, passes));
      if (!passes) this.#pollWaits?.();
    }
    return again;
  }
}

/** Errors of a topic's metadata that may pass. */
const PASSING = new Set(["LEADER_NOT_AVAILABLE", "UNKNOWN_TOPIC_OR_PARTITION"]);

interface FetchAnswer {
  readonly topicName: string;
  readonly partitions: readonly FetchedPartition[];
}

/** kafkajs's types don't say what it answers: looked at here. */
async function fetchFrom(
  broker: Broker,
  request: Parameters<Broker["fetch"]>[0],
): Promise<readonly FetchAnswer[]> {
  const { responses } = await broker.fetch(request) ?? {};
  const holds = Array.isArray(responses) &&
    responses.every(({ topicName, partitions }) =>
      typeof topicName === "string" && Array.isArray(partitions) &&
      partitions.every(({ partition, highWatermark, messages }) =>
        typeof partition === "number" && highWatermark !== undefined && Array.isArray(messages)
      )
    );
  if (!holds) throw changed("answers a fetch in another form");
  return responses;
}
