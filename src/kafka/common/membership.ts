/**
 * The member's side of Kafka's cooperative group protocol.
 *
 * @module
 */
import { commitOffsets } from "./commit_offsets.ts";
import { type Coordinator, GroupError, type JoinResponse, type MemberEpoch } from "./coordinator.ts";
import { planGroup } from "./group_plan.ts";
import { GroupWarnings } from "./group_warnings.ts";
import { leaveGroup } from "./leave_group.ts";
import { readAssignment } from "./read_assignment.ts";
import { delay } from "./retrying.ts";
import { withDescription } from "./strange_group.ts";
import { TopicGrowth } from "./topic_growth.ts";
import { CommitRejected, isNotReady, messageOf, NOT_READY_MS } from "../port/errors.ts";
import type { GroupMember, GroupOptions, MemberAssignment } from "../port/group.ts";
import type { Logger } from "../port/logger.ts";
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from "../port/topics.ts";
import { encodeSubscription } from "../wire/consumer_protocol.ts";

/** What a {@linkcode Membership} is made of besides the group's own options. */
export interface MembershipSettings {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  /** The time between heartbeats, in ms; `Infinity` when the coordinator tells of news by itself. */
  readonly heartbeatIntervalMs: number;
  /** How often the leader looks for new partitions, in ms. */
  readonly metadataRefreshMs: number;
  /** The time between two tries of a request that may succeed later, in ms. */
  readonly retryBackoffMs: number;
  /** How long the first join, and a commit, is retried, in ms. */
  readonly requestTimeoutMs: number;
}

/**
 * A membership in a group: joins, syncs, heartbeats, and hands partitions over step by step. The loop that
 * rebalances and calls back runs apart from the heartbeats, which go on while a callback takes its time.
 */
export class Membership implements GroupMember {
  readonly failed: Promise<never>;
  readonly #options: GroupOptions;
  readonly #settings: MembershipSettings;
  readonly #coordinator: Coordinator;
  readonly #warnings: GroupWarnings;
  readonly #growth: TopicGrowth;
  readonly #first = Promise.withResolvers<void>();
  readonly #fail: (error: unknown) => void;
  readonly #owned = new Map<string, TopicPartition>();
  #memberId = "";
  #generation = -1;
  #rebalances = 0;
  #started = false;
  #ended: "left" | "failed" | undefined;
  #leaving: Promise<void> | undefined;
  /** Between asking to join and having the assignment. */
  #joining = false;
  #rejoin = false;
  /** Why the group takes this member for dead, until `onLost` was called. */
  #lost: string | undefined;
  #wake: (() => void) | undefined;
  /** Answers to heartbeats of an earlier round say nothing about this one. */
  #round = 0;
  #heartbeatTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GroupOptions, settings: MembershipSettings) {
    this.#options = options;
    this.#settings = settings;
    const { coordinator, logger, metadataRefreshMs } = settings;
    this.#coordinator = coordinator;
    this.#warnings = new GroupWarnings(options.groupId, logger);
    this.#growth = new TopicGrowth({
      coordinator,
      logger,
      intervalMs: metadataRefreshMs,
      onChanged: () => this.rejoin(),
    });
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    // Both also reach the log (in #end): who waits for neither must not be ended by an unhandled rejection.
    this.failed.catch(() => {});
    this.#first.promise.catch(() => {});
    this.#coordinator.listen?.(() => void this.#heartbeat(this.#round));
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
    this.#rejoin = true;
    this.#wake?.();
  }

  async commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const member = this.#epoch();
    if (member.generation < 0 || this.#ended !== undefined) {
      throw new CommitRejected(
        `Cannot commit offsets of group ${this.#options.groupId}: this member is not in the group`,
        false,
      );
    }
    await commitOffsets({
      coordinator: this.#coordinator,
      member,
      offsets,
      settings: this.#settings,
      refusal: (error) => this.#commitRefused(error, member),
    });
  }

  leave(): Promise<void> {
    return this.#leaving ??= this.#leave();
  }

  async #leave(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = "left";
      this.#stopTimers();
      this.#generation = -1;
      this.#wake?.();
      this.#first.reject(
        new Error(
          `Cannot join group ${this.#options.groupId}: leave() was called before the first assignment`,
        ),
      );
      await this.#sayGoodbye();
    }
    await this.#coordinator.close();
  }

  async #sayGoodbye(): Promise<void> {
    // A static member stays in the group for its session timeout, so that its restart causes no rebalance.
    if (this.#memberId === "" || this.#options.groupInstanceId !== undefined) return;
    const { logger } = this.#settings;
    await leaveGroup(this.#coordinator, { groupId: this.#options.groupId, memberId: this.#memberId, logger });
  }

  async #run(): Promise<void> {
    const began = performance.now();
    while (this.#ended === undefined) {
      try {
        if (this.#lost !== undefined) await this.#lose();
        if (this.#ended !== undefined) return;
        this.#rejoin = false;
        await this.#rebalance();
        if (!this.#rejoin && this.#lost === undefined && this.#ended === undefined) {
          const { promise, resolve } = Promise.withResolvers<void>();
          this.#wake = resolve;
          await promise;
          this.#wake = undefined;
        }
      } catch (error) {
        // Once in the group it waits for as long as the brokers are gone; at first it says that there are
        // none.
        const again = error instanceof GroupError && error.retriable &&
          (this.#rebalances > 0 || performance.now() - began < this.#patienceMs(error.code));
        if (!again) return await this.#end(error);
        this.#warnings.failing(`Joining group ${this.#options.groupId} again: ${error.message}`);
        await delay(this.#settings.retryBackoffMs);
      }
    }
  }

  /** How long the first join is tried, in ms. */
  #patienceMs(code: string): number {
    const { requestTimeoutMs } = this.#settings;
    if (code === "NO_BROKER") return 0;
    return isNotReady(code) ? Math.max(NOT_READY_MS, requestTimeoutMs) : requestTimeoutMs;
  }

  async #rebalance(): Promise<void> {
    const round = ++this.#round;
    this.#stopTimers();
    this.#joining = true;
    let encoded: Uint8Array;
    try {
      const joined = await this.#coordinator.join({
        memberId: this.#memberId,
        protocol: this.#options.assignor.name,
        metadata: encodeSubscription({
          topics: this.#options.topics,
          userData: this.#options.assignor.userData(),
          owned: [...this.#owned.values()],
          generation: this.#generation,
        }),
      });
      if (this.#ended !== undefined) return;
      this.#memberId = joined.memberId;
      this.#generation = joined.generation;
      const assignments = joined.leader === joined.memberId ? await this.#assign(joined) : NO_ASSIGNMENTS;
      encoded = await this.#coordinator.sync(this.#epoch(), assignments);
    } catch (error) {
      if (!(error instanceof GroupError) || !this.#joinRefused(error)) throw error;
      return;
    } finally {
      this.#joining = false;
    }
    if (this.#ended !== undefined) return;
    this.#rebalances++;
    this.#warnings.passed();
    this.#scheduleHeartbeat(round);
    // News that came while the answer was under way fell on deaf ears: ask once more.
    if (this.#coordinator.listen !== undefined) void this.#heartbeat(round);
    await this.#apply(readAssignment(encoded, this.#options));
  }

  /** Whether the refusal of a join or sync was dealt with, so that the loop goes on with it. */
  #joinRefused(error: GroupError): boolean {
    switch (error.code) {
      case "MEMBER_ID_REQUIRED":
        this.#memberId = error.memberId ?? "";
        break;
      case "UNKNOWN_MEMBER_ID":
        this.#memberId = "";
        this.#lost = error.message;
        break;
      case "ILLEGAL_GENERATION":
        this.#lost = error.message;
        break;
      case "REBALANCE_IN_PROGRESS":
        break;
      default:
        return false;
    }
    this.#rejoin = true;
    return true;
  }

  async #assign(joined: JoinResponse): Promise<ReadonlyMap<string, Uint8Array>> {
    const describe = (names: readonly string[]) => this.#coordinator.describeTopics(names);
    const plan = await planGroup(joined.members, this.#options.assignor, describe);
    this.#warnings.strangers(plan.unreadable);
    this.#warnings.heldBack(plan.heldBack);
    const again = plan.heldBack.length > 0;
    if (this.#ended === undefined) this.#growth.watch({ names: plan.names, topics: plan.topics, again });
    return plan.assignments;
  }

  async #apply(assignment: MemberAssignment): Promise<void> {
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
  }

  async #lose(): Promise<void> {
    this.#stopTimers();
    this.#round++;
    const why = this.#lost;
    this.#generation = -1;
    const lost = [...this.#owned.values()];
    this.#owned.clear();
    this.#lost = undefined;
    this.#warnings.lost(lost.length, why);
    if (lost.length > 0) await this.#options.onLost(lost);
  }

  async #heartbeat(round: number): Promise<void> {
    if (round !== this.#round || this.#joining || this.#ended !== undefined || this.#generation < 0) return;
    try {
      await this.#coordinator.heartbeat(this.#epoch());
    } catch (error) {
      if (round !== this.#round || this.#ended !== undefined) return;
      if (!(error instanceof GroupError)) return await this.#end(error);
      switch (error.code) {
        case "REBALANCE_IN_PROGRESS":
          this.rejoin();
          break;
        case "UNKNOWN_MEMBER_ID":
          this.#memberId = "";
          return this.#loseSoon(error.message);
        case "ILLEGAL_GENERATION":
          return this.#loseSoon(error.message);
        default:
          if (!error.retriable) return await this.#end(error);
          this.#warnings.failing(`No heartbeat to group ${this.#options.groupId}: ${error.message}`);
          return this.#scheduleHeartbeat(round);
      }
    }
    this.#warnings.passed();
    this.#scheduleHeartbeat(round);
  }

  #scheduleHeartbeat(round: number): void {
    clearTimeout(this.#heartbeatTimer);
    const { heartbeatIntervalMs } = this.#settings;
    if (round !== this.#round || this.#ended !== undefined || heartbeatIntervalMs === Infinity) return;
    this.#heartbeatTimer = setTimeout(() => void this.#heartbeat(round), heartbeatIntervalMs);
  }

  /** The rejection of a commit that the group refused; `undefined` for other errors. */
  #commitRefused(error: GroupError, member: MemberEpoch): CommitRejected | undefined {
    // While it joins, or has joined since, the group may know this member by its next generation already.
    const moved = this.#joining || (this.#generation !== member.generation && this.#generation >= 0);
    switch (error.code) {
      case "REBALANCE_IN_PROGRESS":
        if (!moved) this.rejoin();
        return new CommitRejected(error.message, true);
      case "ILLEGAL_GENERATION":
        if (moved) return new CommitRejected(error.message, true);
        break;
      case "UNKNOWN_MEMBER_ID":
        if (!moved) this.#memberId = "";
        break;
      case "FENCED_INSTANCE_ID":
        break;
      default:
        return undefined;
    }
    if (!moved) this.#loseSoon(error.message);
    return new CommitRejected(error.message, false);
  }

  #loseSoon(why: string): void {
    this.#lost = why;
    this.#stopTimers();
    this.#wake?.();
  }

  async #end(error: unknown): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = "failed";
    this.#stopTimers();
    const told = await withDescription(error, this.#coordinator, this.#options.groupId);
    this.#generation = -1;
    this.#wake?.();
    this.#settings.logger.error(
      `The membership in group ${this.#options.groupId} ended: ${messageOf(told)}`,
    );
    await this.#sayGoodbye();
    this.#first.reject(told);
    this.#fail(told);
  }

  #epoch(): MemberEpoch {
    return { memberId: this.#memberId, generation: this.#generation };
  }

  #stopTimers(): void {
    clearTimeout(this.#heartbeatTimer);
    this.#growth.stop();
  }
}

const NO_ASSIGNMENTS: ReadonlyMap<string, Uint8Array> = new Map();
