/**
 * Reads partitions of a Kafka cluster, by kafkajs's public interface.
 *
 * @module
 */
import type { Broker } from "kafkajs";
import { ConnectionLost, isRetriable, KafkaError, messageOf } from "../port/errors.ts";
import { type FetcherOptions, partitionKey } from "../port/log.ts";
import { type Assigned, PartitionFetcher } from "../client/partition_fetcher.ts";
import type { PublicAdmin } from "./admin.ts";
import { causeOf, changed, type ClusterAccess, translate } from "./client.ts";
import { topicMetadata } from "./metadata.ts";
import { endOf, type FetchedPartition, recordSet } from "./record_sets.ts";

/** The fetch request is sent by kafkajs's broker objects: see {@linkcode ClusterAccess}. One fetch at a time for each leader. */
export class PublicFetcher extends PartitionFetcher {
  readonly #access: ClusterAccess;
  /** Node ids by partition. */
  readonly #leaders = new Map<string, number>();
  readonly #busy = new Set<number>();
  /**
   * To be fetched alone: kafkajs tells one error for all partitions of a fetch, and not always of which; or nothing came though there is
   * something.
   */
  readonly #alone = new WeakSet<Assigned>();

  constructor(access: ClusterAccess, admin: PublicAdmin, options: FetcherOptions = {}) {
    const { logger, config } = access.settings;
    super({
      options,
      logger,
      retryBackoffMs: config.retryBackoffMs,
      offsets: (partitions, at) => admin.offsets(partitions, at),
    });
    this.#access = access;
  }

  protected override leaderOf({ key }: Assigned): number | undefined {
    return this.#leaders.get(key);
  }

  protected override forgetLeader({ key }: Assigned): void {
    this.#leaders.delete(key);
  }

  protected override disconnect(): Promise<void> {
    return this.#access.close();
  }

  protected override fetchFrom(leader: number, states: readonly Assigned[]): void {
    if (this.#busy.has(leader)) return;
    const alone = states.find((state) => this.#alone.has(state));
    void this.#fetch(leader, alone === undefined ? states : [alone]);
  }

  async #fetch(leader: number, states: readonly Assigned[]): Promise<void> {
    this.#busy.add(leader);
    await this.whileFetching(states, async () => {
      try {
        await this.#ask(leader, states);
      } catch (error) {
        await this.#failed(states, error);
      } finally {
        this.#busy.delete(leader);
      }
    });
  }

  async #ask(leader: number, states: readonly Assigned[]): Promise<void> {
    const cluster = await this.#access.cluster();
    const broker = await cluster.findBroker({ nodeId: String(leader) });
    const { maxWaitMs, maxBytes, partitionBytes, readCommitted } = this.settings;
    const answer = await sendFetch(broker, {
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
        if (state !== undefined && this.isWanted(state)) this.#accept(state, fetched, states.length === 1);
      }
    }
  }

  #accept(state: Assigned, fetched: FetchedPartition, alone: boolean): void {
    state.failingSince = undefined;
    this.#alone.delete(state);
    try {
      const { topic, offset } = state;
      const { readCommitted } = this.settings;
      const end = endOf(fetched, readCommitted);
      if (fetched.lastStartOffset !== undefined) {
        state.bounds = {
          startOffset: Number(fetched.lastStartOffset),
          endOffset: Number(fetched.highWatermark),
        };
        state.heardAt = performance.now();
      }
      this.noteEnd(state, end, fetched.messages.length > 0);
      const set = recordSet(fetched, { topic, offset, readCommitted });
      if (set !== undefined) {
        state.offset = set.nextOffset;
        state.set = set;
      } else if (offset < end) {
        // The others took all that a fetch may bring. But alone it would have got at least a batch: one that log compaction has emptied.
        if (alone) state.offset++;
        else this.#alone.add(state);
      }
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
        if (this.isWanted(state)) await this.moveIntoRange(state);
        return;
      }
    }
    if (code !== undefined && states.length > 1) {
      for (const state of states) this.#alone.add(state);
      return;
    }
    for (const state of states) this.cannotRead(state, error);
    const broken = translate(error, "Cannot fetch");
    if (!isRetriable(broken)) return;
    if (broken instanceof ConnectionLost) await this.#reconnect();
    this.refresh(this.#access.settings.config.retryBackoffMs);
  }

  async #reconnect(): Promise<void> {
    this.#leaders.clear();
    try {
      await this.#access.reset(await this.#access.cluster());
    } catch {
      // The refresh tells.
    }
  }

  protected override cannotRead(state: Assigned, error: unknown): boolean {
    const passes = super.cannotRead(state, translate(error, `Cannot read ${state.key}`));
    if (passes) this.forgetLeader(state);
    return passes;
  }

  protected override async leadersFailed(error: unknown): Promise<void> {
    for (const state of this.assigned.values()) this.cannotRead(state, error);
    if (!isRetriable(translate(error, ""))) this.wakePoll();
    else await this.#reconnect();
  }

  protected override async findLeaders(): Promise<boolean> {
    const cluster = await this.#access.cluster();
    const missing = [...this.assigned.values()].filter(({ key }) => !this.#leaders.has(key));
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
      if (error === "UNKNOWN_TOPIC_OR_PARTITION") this.tellMissing(state);
      const name = error === "NONE" ? "LEADER_NOT_AVAILABLE" : error;
      const passes = PASSING.has(name);
      this.cannotRead(state, new KafkaError(name, `Cannot read ${state.key}: ${name}`, passes));
      if (!passes) this.wakePoll();
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
async function sendFetch(
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
