/**
 * The member's side of Kafka's cooperative group protocol.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { AssignmentRefused, CommitRejected, isNotReady, messageOf, NOT_READY_MS } from "../port/errors.ts";
import type { GroupMember, GroupOptions, MemberAssignment } from "../port/group.ts";
import {
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../port/topics.ts";
import { encodeSubscription } from "../wire/consumer_protocol.ts";
import { CONTESTED, type HeldBack } from "./cooperative.ts";
import { type Coordinator, GroupError, type JoinResponse, type MemberEpoch } from "./coordinator.ts";
import { planGroup } from "./group_plan.ts";
import { readAssignment } from "./read_assignment.ts";
import type { Logger } from "../port/logger.ts";
import { delay } from "./retrying.ts";

/** What a {@linkcode Membership} is made of besides the group's own options. */
export interface MembershipSettings {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  /** Between heartbeats, in ms; `Infinity` when the coordinator tells of news by itself. */
  readonly heartbeatIntervalMs: number;
  /** How often the leader looks for new partitions, in ms. */
  readonly metadataRefreshMs: number;
  /** Between two tries of a request that may succeed later, in ms. */
  readonly retryBackoffMs: number;
  /** How long the first join, and a commit, is retried, in ms. */
  readonly requestTimeoutMs: number;
}

/**
 * A membership in a group: joins, syncs, heartbeats, and hands partitions over step by step. The loop that rebalances and
 * calls back runs apart from the heartbeats, which go on while a callback takes its time.
 */
export class Membership implements GroupMember {
  readonly failed: Promise<never>;
  readonly #options: GroupOptions;
  readonly #settings: MembershipSettings;
  readonly #coordinator: Coordinator;
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
  /** For how many rounds in a row the leader has held a partition back. */
  #heldRounds: ReadonlyMap<string, number> = new Map();
  #heartbeatTimer: ReturnType<typeof setTimeout> | undefined;
  #metadataTimer: ReturnType<typeof setTimeout> | undefined;
  /** Since when the coordinator can't be asked. */
  #failingSince: number | undefined;
  #warnedAt = -Infinity;

  constructor(options: GroupOptions, settings: MembershipSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#coordinator = settings.coordinator;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    // Both also reach the log (in #end); a caller who waits for neither must not be ended by an unhandled rejection.
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
    const since = performance.now();
    const until = since + this.#settings.requestTimeoutMs;
    while (true) {
      try {
        return await this.#coordinator.commit(member, offsets);
      } catch (error) {
        if (!(error instanceof GroupError)) throw error;
        const refused = this.#commitRefused(error, member);
        if (refused !== undefined) throw refused;
        if (error.code === "UNKNOWN_TOPIC_OR_PARTITION" && performance.now() > since + UNKNOWN_TOPIC_MS) {
          throw new CommitRejected(error.message, false);
        }
        if (!error.retriable) throw error;
        if (performance.now() > until) throw new CommitRejected(error.message, true);
        await delay(this.#settings.retryBackoffMs);
      }
    }
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
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const { promise, reject } = Promise.withResolvers<never>();
      timer = setTimeout(
        () => reject(new Error(`no answer within ${LEAVE_TIMEOUT_MS} ms`)),
        LEAVE_TIMEOUT_MS,
      );
      await Promise.race([this.#coordinator.leave(this.#memberId), promise]);
    } catch (error) {
      if (error instanceof GroupError && error.code === "UNKNOWN_MEMBER_ID") return;
      this.#settings.logger.warn(
        `Cannot leave group ${this.#options.groupId}: ${messageOf(error)}; ` +
          `the group will notice after the session timeout`,
      );
    } finally {
      clearTimeout(timer);
    }
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
        // Once in the group, it waits for as long as the brokers are gone; at first, it says that there are none.
        const again = error instanceof GroupError && error.retriable &&
          (this.#rebalances > 0 || performance.now() - began < this.#patienceMs(error.code));
        if (!again) return await this.#end(error);
        this.#warnInTime(`Joining group ${this.#options.groupId} again: ${error.message}`);
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
    this.#failingSince = undefined;
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
    const { assignor, groupId } = this.#options;
    const plan = await planGroup(
      joined.members,
      assignor,
      (names) => this.#coordinator.describeTopics(names),
    );
    for (const memberId of plan.unreadable) {
      this.#settings.logger.warn(
        `Member ${memberId} of group ${groupId} is a stranger: its subscription can't be read, and it gets nothing; ` +
          "stop it, or give it another group id",
      );
    }
    this.#warnOfHeldBack(plan.heldBack);
    this.#watchTopics(plan.names, plan.topics, this.#round, plan.heldBack.length > 0);
    return plan.assignments;
  }

  /** What a member has still to give up is there in the next round. When it is not, somebody does not keep to the rules. */
  #warnOfHeldBack(heldBack: readonly HeldBack[]): void {
    const rounds = new Map<string, number>();
    const late = new Map<string, string[]>();
    for (const { topic, partition, owner } of heldBack) {
      const key = partitionKey(topic, partition);
      const held = (this.#heldRounds.get(key) ?? 0) + 1;
      rounds.set(key, held);
      if (held >= HELD_ROUNDS) late.set(owner, [...late.get(owner) ?? [], key]);
    }
    this.#heldRounds = rounds;
    for (const [owner, keys] of late) {
      const who = owner === CONTESTED ? "several members claim" : `member ${owner} claims`;
      this.#settings.logger.warn(
        `Nobody processes ${
          keys.join(", ")
        } in group ${this.#options.groupId}: ${who} to own them, and gave none up ` +
          `in ${HELD_ROUNDS} rebalances; stop ${owner === CONTESTED ? "these" : "it"}`,
      );
    }
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
    this.#settings.logger.warn(
      `Lost the membership in group ${this.#options.groupId} and ${lost.length} partitions: ${why}`,
    );
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
          this.#warnInTime(`No heartbeat to group ${this.#options.groupId}: ${error.message}`);
          return this.#scheduleHeartbeat(round);
      }
    }
    this.#failingSince = undefined;
    this.#scheduleHeartbeat(round);
  }

  #scheduleHeartbeat(round: number): void {
    clearTimeout(this.#heartbeatTimer);
    const { heartbeatIntervalMs } = this.#settings;
    if (round !== this.#round || this.#ended !== undefined || heartbeatIntervalMs === Infinity) return;
    this.#heartbeatTimer = setTimeout(() => void this.#heartbeat(round), heartbeatIntervalMs);
  }

  /**
   * The leader looks for topics that have grown, come or gone since it assigned them.
   *
   * @param again Whether a rebalance is due in any case.
   */
  #watchTopics(
    names: readonly string[],
    known: ReadonlyMap<string, TopicDescription>,
    round: number,
    again: boolean,
  ): void {
    clearTimeout(this.#metadataTimer);
    const { metadataRefreshMs, logger } = this.#settings;
    if (metadataRefreshMs === Infinity) return;
    this.#metadataTimer = setTimeout(async () => {
      try {
        const now = await this.#coordinator.describeTopics(names);
        if (round !== this.#round) return;
        if (again || names.some((name) => now.get(name)?.partitions !== known.get(name)?.partitions)) {
          return this.rejoin();
        }
      } catch (error) {
        logger.warn(`Cannot look for new partitions of ${names.join(", ")}: ${messageOf(error)}`);
      }
      if (round === this.#round && this.#ended === undefined) this.#watchTopics(names, known, round, again);
    }, metadataRefreshMs);
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

  /** Warns of what passes by itself only when it goes on for a while, and then now and again. */
  #warnInTime(line: string): void {
    const now = performance.now();
    this.#failingSince ??= now;
    if (now - Math.max(this.#failingSince, this.#warnedAt + WARN_EVERY_MS - WARN_AFTER_MS) < WARN_AFTER_MS) {
      return;
    }
    this.#warnedAt = now;
    this.#settings.logger.warn(line);
  }

  async #end(error: unknown): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = "failed";
    this.#stopTimers();
    const told = await this.#withDescription(error);
    this.#generation = -1;
    this.#wake?.();
    this.#settings.logger.error(
      `The membership in group ${this.#options.groupId} ended: ${messageOf(told)}`,
    );
    await this.#sayGoodbye();
    this.#first.reject(told);
    this.#fail(told);
  }

  /** Adds what the group is to the error of who has no part in it. */
  async #withDescription(error: unknown): Promise<unknown> {
    const strange = error instanceof AssignmentRefused ||
      (error instanceof GroupError && STRANGE_GROUP.has(error.code));
    if (!strange || this.#coordinator.describeGroup === undefined) return error;
    try {
      const words = await deadline(this.#coordinator.describeGroup(), DESCRIBE_TIMEOUT_MS);
      if (words === undefined) return error;
      const message = `${error.message}. Of group ${this.#options.groupId} the broker says: ${words}`;
      return error instanceof GroupError
        ? new GroupError(error.code, message, { cause: error })
        : new AssignmentRefused(message, { cause: error });
    } catch {
      // The error itself says enough.
      return error;
    }
  }

  #epoch(): MemberEpoch {
    return { memberId: this.#memberId, generation: this.#generation };
  }

  #stopTimers(): void {
    clearTimeout(this.#heartbeatTimer);
    clearTimeout(this.#metadataTimer);
  }
}

/** A coordinator that can't be asked is told of after this time … */
const WARN_AFTER_MS = 5_000;
/** … and then so often. */
const WARN_EVERY_MS = 30_000;
/** Leaving takes no longer than this: who leaves is about to end. */
const LEAVE_TIMEOUT_MS = 3_000;
/** What a group answers whose members or type are of another kind. */
const STRANGE_GROUP: ReadonlySet<string> = new Set(["INCONSISTENT_GROUP_PROTOCOL", "GROUP_ID_NOT_FOUND"]);
/** What is only for an error's message is not waited for any longer. */
const DESCRIBE_TIMEOUT_MS = 3_000;
/** A broker may hear of a new topic so much later than others, in ms. */
const UNKNOWN_TOPIC_MS = 3_000;
/** A partition is given up within two rebalances. */
const HELD_ROUNDS = 3;
const NO_ASSIGNMENTS: ReadonlyMap<string, Uint8Array> = new Map();
