/**
 * A membership in a consumer group, by kafkajs's public interface.
 *
 * @module
 */
import { encodeSubscription } from "../wire/consumer_protocol.ts";
import { BrokerUnavailable, isRetriable, messageOf } from "../port/errors.ts";
import { planGroup } from "../common/group_plan.ts";
import {
  CommitRejected,
  type GroupMember,
  type GroupOptions,
  type MemberAssignment,
  partitionKey,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../port/log.ts";
import { delay } from "../common/retrying.ts";
import type { PublicAdmin } from "./admin.ts";
import { causeOf, type ClientSettings, translate } from "./client.ts";
import { GroupConsumer, type JoinedMember } from "./group_consumer.ts";

/** What a {@linkcode PublicMember} is made of besides the group's own options. */
export interface PublicMemberSettings {
  readonly client: ClientSettings;
  readonly admin: PublicAdmin;
  /** How often new partitions are looked for, in ms. */
  readonly metadataRefreshMs: number;
  readonly onLeft: () => void;
  readonly onCommitted: (offsets: readonly TopicPartitionOffset[]) => void;
}

/** That it tries to join again is told of at most so often, in ms. */
const WARN_EVERY_MS = 30_000;

/** A member at one generation of its group. */
interface Identity {
  readonly memberId: string;
  readonly generation: number;
}

/**
 * kafkajs's rebalances are eager, but nobody has to give up anything for them: what a member owns it tells in its metadata, as in
 * Kafka's cooperative protocol, and the leader gives it to another only when it is not told any more. So `onRevoked` can be called
 * when the new assignment is there, and a further rebalance hands on what was given up. Members of both clients understand each other.
 */
export class PublicMember implements GroupMember {
  readonly failed: Promise<never>;
  readonly #options: GroupOptions;
  readonly #settings: PublicMemberSettings;
  readonly #first = Promise.withResolvers<void>();
  readonly #fail: (error: unknown) => void;
  readonly #owned = new Map<string, TopicPartition>();
  #consumer: GroupConsumer | undefined;
  #memberId = "";
  #generation = -1;
  #rebalances = 0;
  #started = false;
  #ended: "left" | "failed" | undefined;
  #leaving: Promise<void> | undefined;
  /** The member id of a join whose generation is not known yet. */
  #joined: string | undefined;
  /** The last join whose assignment is to be applied. */
  #next: Identity | undefined;
  #rejoin = false;
  /** In callbacks. */
  #busy = false;
  /** Why the group takes this member for dead, until `onLost` was called. */
  #lost: string | undefined;
  /** Who it is after that. */
  #afterLost: Identity | undefined;
  /** Why kafkajs's consumer ended. */
  #crash: Error | undefined;
  #wake: (() => void) | undefined;
  #warnAgainAt = 0;

  constructor(options: GroupOptions, settings: PublicMemberSettings) {
    this.#options = options;
    this.#settings = settings;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    // Both also reach the log (in #end); a caller who waits for neither must not be ended by an unhandled rejection.
    this.failed.catch(() => {});
    this.#first.promise.catch(() => {});
    if (options.groupInstanceId !== undefined) {
      settings.client.logger.warn(
        `Cannot be the static member ${options.groupInstanceId} of group ${options.groupId}: kafkajs does not know static ` +
          "membership, so a restart causes a rebalance; the fast client does (--kafka-client)",
      );
    }
  }

  get memberId(): string {
    return this.#memberId;
  }

  get generation(): number {
    return this.#generation;
  }

  get rebalances(): number {
    return this.#rebalances;
  }

  join(): Promise<void> {
    if (!this.#started && this.#ended === undefined) {
      this.#started = true;
      void this.#run();
    }
    return this.#first.promise;
  }

  rejoin(): void {
    this.#rejoin = true; // the next heartbeat sees it
  }

  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const { groupId } = this.#options;
    const { memberId, generation } = this;
    const { requestTimeoutMs, retryBackoffMs } = this.#settings.client.config;
    const until = performance.now() + requestTimeoutMs;
    while (true) {
      const consumer = this.#consumer;
      // Also when kafkajs has given up and left the group meanwhile.
      if (consumer === undefined || this.#generation < 0 || this.#ended !== undefined) {
        throw new CommitRejected(
          `Cannot commit offsets of group ${groupId}: this member is not in the group`,
          false,
        );
      }
      try {
        await consumer.commit(memberId, generation, offsets);
        return this.#settings.onCommitted(offsets);
      } catch (error) {
        const translated = translate(error, `Cannot commit offsets of group ${groupId}`);
        switch (causeOf(error).code) {
          case "REBALANCE_IN_PROGRESS":
          case "ILLEGAL_GENERATION": // kafkajs joins again, or has, and this member owns most of what it did
            throw new CommitRejected(translated.message, this.#generation >= 0);
          case "UNKNOWN_MEMBER_ID":
            throw new CommitRejected(translated.message, false);
        }
        if (!isRetriable(translated)) throw translated;
        if (performance.now() > until) throw new CommitRejected(translated.message, true);
        await delay(retryBackoffMs);
      }
    }
  }

  leave(): Promise<void> {
    return this.#leaving ??= this.#leave();
  }

  async #leave(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = "left";
      this.#first.reject(
        new Error(
          `Cannot join group ${this.#options.groupId}: leave() was called before the first assignment`,
        ),
      );
    }
    this.#generation = -1;
    this.#wake?.();
    await this.#stop();
    this.#settings.onLeft();
  }

  async #stop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.stop();
  }

  async #run(): Promise<void> {
    const { requestTimeoutMs, retryBackoffMs } = this.#settings.client.config;
    const giveUpAt = performance.now() + requestTimeoutMs;
    while (this.#ended === undefined) {
      try {
        await this.#turn();
        if (this.#crash !== undefined) throw this.#crash;
      } catch (error) {
        if (this.#ended !== undefined) return;
        // Once in the group, it waits for as long as the brokers are gone; at first, it says that there are none.
        const again = isRetriable(error) &&
          (this.#rebalances > 0 ||
            (!(error instanceof BrokerUnavailable) && performance.now() < giveUpAt));
        if (!again) return await this.#end(error);
        // kafkajs leaves the group when it gives up.
        if (error === this.#crash && this.#generation >= 0) this.#lost = messageOf(error);
        await this.#stop();
        this.#crash = undefined;
        this.#warnInTime(`Joining group ${this.#options.groupId} again: ${messageOf(error)}`);
        await delay(retryBackoffMs);
      }
    }
  }

  /** Does what is to be done, or waits until something is. */
  async #turn(): Promise<void> {
    if (this.#lost !== undefined) await this.#lose();
    if (this.#ended !== undefined) return;
    if (this.#consumer === undefined) {
      this.#joined = this.#next = undefined;
      await this.#untilReadable();
      if (this.#ended !== undefined) return;
      this.#consumer = this.#newConsumer();
      await this.#consumer.start();
    } else if (this.#next !== undefined) {
      await this.#apply(this.#consumer, this.#next);
    } else if (this.#lost === undefined && this.#crash === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }

  /**
   * kafkajs asks for offsets when it has joined, and joins again when a topic was just created and its leader does not know of it
   * yet. And the admin tells soon and best when there is no broker.
   */
  async #untilReadable(): Promise<void> {
    const { admin } = this.#settings;
    const known = [...(await admin.describeTopics(this.#options.topics)).values()];
    await admin.offsets(
      known.flatMap(({ topic, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
      ),
      "latest",
    );
  }

  #newConsumer(): GroupConsumer {
    const { client, metadataRefreshMs } = this.#settings;
    return new GroupConsumer(this.#options, client, metadataRefreshMs, {
      metadata: () => {
        this.#rejoin = false;
        this.#joined = undefined;
        return encodeSubscription({
          topics: this.#options.topics,
          userData: this.#options.assignor.userData(),
          owned: [...this.#owned.values()],
          generation: this.#generation,
        });
      },
      assign: (members) => this.#assign(members),
      joined: (memberId) => this.#joined = memberId,
      heartbeat: (memberId, generation) => {
        this.#heard({ memberId, generation });
        return this.#rejoin && !this.#busy && this.#next === undefined;
      },
      crashed: (error) => {
        this.#crash = error;
        this.#wake?.();
      },
    });
  }

  /** Notes the generation that a join has led to. */
  #heard(heard: Identity): void {
    if (this.#ended !== undefined) return;
    const known = this.#afterLost ?? { memberId: this.#memberId, generation: this.#generation };
    const same = known.generation >= 0 && known.memberId === heard.memberId;
    // Sent before the last join.
    if (same && heard.generation < known.generation) return;
    const joined = this.#joined === heard.memberId;
    if (!joined && !same) return;
    if (joined) {
      this.#joined = undefined;
      this.#next = heard;
    }
    if (this.#afterLost !== undefined) this.#afterLost = heard;
    else if (!same && known.generation >= 0) {
      this.#lost = "the group took this member for dead, and it joined anew";
      // What it owned as another member it must not claim as this one: this is who it is once that is lost.
      this.#afterLost = heard;
    } else {
      this.#memberId = heard.memberId;
      this.#generation = heard.generation;
    }
    if (joined) this.#wake?.();
  }

  async #assign(joined: readonly JoinedMember[]): Promise<Map<string, Uint8Array>> {
    const { assignor } = this.#options;
    const plan = await planGroup(joined, assignor, (names) => this.#settings.admin.describeTopics(names));
    return new Map(plan.assignments);
  }

  async #apply(consumer: GroupConsumer, joined: Identity): Promise<void> {
    const assignment = await this.#assignment(consumer, joined);
    // Joined again meanwhile: the next assignment counts.
    if (this.#next !== joined) return;
    this.#next = undefined;
    // Or about to.
    if (assignment === undefined || this.#lost !== undefined) return;
    this.#rebalances++;
    this.#busy = true;
    try {
      const wanted = new Map(assignment.partitions.map((p) => [partitionKey(p.topic, p.partition), p]));
      const revoked = [...this.#owned].filter(([key]) => !wanted.has(key));
      if (revoked.length > 0) {
        await this.#options.onRevoked(revoked.map(([, partition]) => partition));
        for (const [key] of revoked) this.#owned.delete(key);
        // What was given up can be handed on now.
        this.#rejoin = true;
      }
      // Lost or left meanwhile: the assignment is no longer this member's.
      if (this.#lost !== undefined || this.#ended !== undefined) return;
      const added = [...wanted].filter(([key]) => !this.#owned.has(key));
      for (const [key, partition] of added) this.#owned.set(key, partition);
      await this.#options.onAssigned(added.map(([, partition]) => partition), assignment);
      this.#first.resolve();
    } finally {
      this.#busy = false;
    }
  }

  async #assignment(
    consumer: GroupConsumer,
    joined: Identity,
  ): Promise<Required<Pick<MemberAssignment, "partitions" | "userData">> | undefined> {
    while (this.#next === joined && this.#crash === undefined) {
      try {
        return await consumer.assignment(joined.memberId);
      } catch (error) {
        const translated = translate(error, `Cannot describe group ${this.#options.groupId}`);
        if (!isRetriable(translated)) throw translated;
        await delay(this.#settings.client.config.retryBackoffMs);
      }
    }
    return undefined;
  }

  async #lose(): Promise<void> {
    const why = this.#lost;
    this.#generation = -1;
    const lost = [...this.#owned.values()];
    this.#owned.clear();
    this.#settings.client.logger.warn(
      `Lost the membership in group ${this.#options.groupId} and ${lost.length} partitions: ${why}`,
    );
    if (lost.length > 0) await this.#options.onLost(lost);
    this.#lost = undefined;
    const after = this.#afterLost;
    this.#afterLost = undefined;
    if (this.#ended !== undefined || after === undefined) return;
    this.#memberId = after.memberId;
    this.#generation = after.generation;
  }

  /** Warns of what passes by itself at most once in a while. */
  #warnInTime(line: string): void {
    if (performance.now() < this.#warnAgainAt) return;
    this.#warnAgainAt = performance.now() + WARN_EVERY_MS;
    this.#settings.client.logger.warn(line);
  }

  async #end(error: unknown): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = "failed";
    this.#settings.client.logger.error(
      `The membership in group ${this.#options.groupId} ended: ${messageOf(error)}`,
    );
    this.#generation = -1;
    await this.#stop();
    this.#first.reject(error);
    this.#fail(error);
  }
}
