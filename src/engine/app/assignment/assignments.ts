/**
 * The instance's place in its application's group, and what comes of each assignment.
 *
 * @module
 */
import type { GroupMember, GroupOptions, MemberAssignment } from "../../../kafka/port/group.ts";
import type { Log } from "../../../kafka/port/log.ts";
import type { TopicPartition } from "../../../kafka/port/topics.ts";
import { type EngineLogger, text } from "../../record/handlers.ts";
import type { EngineStats } from "../../record/stats.ts";
import type { Committer } from "../../task/committer.ts";
import {
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  DEFAULT_MAX_WARMUP_REPLICAS,
  type StreamsConfig,
} from "../../task/config.ts";
import type { Standbys } from "../../task/standbys.ts";
import { partsOfTaskId, type Task } from "../../task/task.ts";
import type { BoundTopology } from "../../topology/bound_topology.ts";
import { topologyFingerprint } from "../../topology/topology_fingerprint.ts";
import type { TaskManager } from "../task_manager.ts";
import type { SourceTopics } from "../topics/source_topics.ts";
import type { TopicChanges } from "../topics/topic_changes.ts";
import { checkLeader, type OwnTopology } from "./group_peers.ts";
import { SETTLE_MS, TaskAssignor } from "./task_assignor.ts";
import { assignedTasks } from "./task_parts.ts";
import { WholeTasks } from "./whole_tasks.ts";

/** What the assignments are carried out with. */
export interface AssignmentsParts {
  readonly config: StreamsConfig;
  readonly bound: BoundTopology;
  readonly log: Log;
  readonly topics: SourceTopics;
  readonly changes: TopicChanges;
  readonly tasks: TaskManager;
  readonly standbys: Standbys;
  readonly committer: Committer;
  readonly stats: EngineStats;
  readonly logger: EngineLogger;
  /** When the application began to open, by `performance.now`. */
  readonly openedAt: number;
  /** Whether the application is neither ended nor about to. */
  readonly working: () => boolean;
  /** Resolves when it is known which topics these are. */
  readonly looked: () => Promise<void>;
  /** Resolves when no stores are on their way to disk. */
  readonly settled: () => Promise<void>;
  /** Told when the application can't go on. */
  readonly failed: (error: unknown) => void;
}

/**
 * Gives the tasks that the group assigns to the task manager and takes them away again, with their last
 * commits.
 */
export class Assignments {
  readonly member: GroupMember;
  readonly #parts: AssignmentsParts;
  readonly #own: OwnTopology & { readonly fingerprint: string };
  readonly #whole: WholeTasks;
  #complete = false;
  #endpoints: ReadonlyMap<string, string> = new Map();
  #askedAgain = false;
  /** Whether it has nothing yet. */
  #settling = false;
  #settleTimer: ReturnType<typeof setTimeout> | undefined;
  /** Once this instance is to go: whether the group was told, and what is called when it holds nobody up. */
  #leaving: { told: boolean; readonly free: () => void } | undefined;

  constructor(parts: AssignmentsParts) {
    const { bound, log, logger, failed } = parts;
    this.#parts = parts;
    this.#own = {
      fingerprint: topologyFingerprint(bound.topology),
      topics: bound.subtopologies.flatMap(({ sourceTopics }) => sourceTopics),
    };
    this.#whole = new WholeTasks(logger, () => this.rejoin());
    this.member = log.group(this.#options());
    this.member.failed.catch(failed);
  }

  /** Whether this instance has all tasks of its last assignment, and that one holds. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Whether it has no tasks, and may be about to get some. */
  get settling(): boolean {
    return this.#settling;
  }

  /** Where each task's instance is reached, as the group's leader said last. */
  get endpoints(): ReadonlyMap<string, string> {
    return this.#endpoints;
  }

  /** Asks the group to assign anew. */
  rejoin(): void {
    this.member.rejoin();
  }

  /**
   * Lets the others warm up for the tasks that are here, which go on meanwhile, and gives them up one by one.
   * Resolves when nobody warms up for what is left, or the time is over; then this instance is to leave.
   */
  async handOver(withinMs: number): Promise<void> {
    const { tasks, config, logger } = this.#parts;
    // A static member keeps its tasks for its return.
    if (config.groupInstanceId !== undefined || tasks.all.length === 0 || !(withinMs > 0)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      logger.warn(
        `The time to hand tasks over is up: ${
          tasks.all.map(({ id }) => id).join(" ")
        } are restored elsewhere`,
      );
      resolve();
    }, withinMs);
    this.#leaving = { told: false, free: resolve };
    logger.info(
      `leaving: the others warm up for ${tasks.all.length} tasks, for ${withinMs / 1000} s at most`,
    );
    this.rejoin();
    await promise;
    clearTimeout(timer);
  }

  /** Leaves the group. */
  async leave(): Promise<void> {
    clearTimeout(this.#settleTimer);
    this.#whole.close();
    this.#leaving?.free();
    await this.member.leave();
  }

  /** Takes all tasks out of work, until the group assigns anew; returns those that ran. */
  suspend(): Task[] {
    const { tasks } = this.#parts;
    this.#complete = false;
    return tasks.drop(tasks.all.flatMap(({ inputs }) => inputs));
  }

  /**
   * Stops the tasks that read a topic that has gone, or restore it, and its standbys. They can't commit: what
   * was not committed is processed again.
   */
  async giveUp(topic: string): Promise<void> {
    const { tasks, standbys } = this.#parts;
    this.#complete = false;
    const inputs = tasks.all.flatMap(({ inputs }) => inputs).filter((each) => each.topic === topic);
    const restored = tasks.restoringFrom(topic).flatMap(({ inputs }) => inputs);
    standbys.drop(topic);
    await this.#abandon(tasks.drop([...inputs, ...restored]));
  }

  /**
   * A task's transaction is broken: another instance may have it. The group says who is to go on with it,
   * from the last commit.
   */
  lose(task: Task, error: unknown): void {
    const { tasks, committer, logger, working, failed } = this.#parts;
    if (!working()) return;
    logger.warn(`task ${task.id} begins again at its last commit: ${text(error)}`);
    this.#complete = false;
    for (const each of tasks.drop(task.inputs)) each.close();
    committer.drop(task).then(() => this.rejoin(), failed);
  }

  #options(): GroupOptions {
    const { config, bound, changes, standbys, logger, openedAt } = this.#parts;
    const { applicationId, endpoint, groupInstanceId, sessionTimeoutMs, numStandbyReplicas = 0 } = config;
    const { fingerprint, topics } = this.#own;
    const assignor = new TaskAssignor(bound.subtopologies, numStandbyReplicas, () => ({
      standbys: standbys.ids,
      current: standbys.report(),
      warmups: standbys.warmups,
      ...(this.#tellsLeaving() ? { leaving: true } : {}),
      ageMs: performance.now() - openedAt,
      ...(endpoint === undefined ? {} : { endpoint }),
      topology: fingerprint,
    }), {
      logger,
      seen: (names, found) => changes.seen(names, found),
      maxWarmups: config.maxWarmupReplicas ?? DEFAULT_MAX_WARMUP_REPLICAS,
      withState: partsWithState(bound),
    });
    return {
      groupId: applicationId,
      topics,
      assignor,
      ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
      heartbeatIntervalMs: config.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_INTERVAL_MS,
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      onAssigned: (_added, assignment) => this.#onAssigned(assignment),
      onRevoked: (revoked) => this.#onRevoked(revoked),
      onLost: (lost) => this.#onLost(lost),
    };
  }

  async #onAssigned({ partitions, userData }: MemberAssignment): Promise<void> {
    const { tasks, standbys, stats, working, looked, settled } = this.#parts;
    stats.rebalances = this.member.rebalances;
    const info = checkLeader(userData, this.#own);
    const whole = await this.#wholeTasks(partitions);
    await looked();
    await settled();
    if (!working()) return;
    const added = tasks.assign(whole);
    this.#complete = this.#whole.complete;
    const active = tasks.all.map(({ id }) => id);
    this.#endpoints = new Map(
      Object.entries(info.hosts ?? {}).flatMap(([at, ids]) => ids.map((id) => [id, at])),
    );
    const mayKeep = (id: string): boolean => !active.includes(id) && tasks.knows(id) && this.#mayRestore(id);
    const kept = info.standbys.filter(mayKeep);
    standbys.assign(kept, (id) => tasks.make(id), {
      now: info.warmups?.filter((id) => kept.includes(id)),
      next: info.next?.filter(mayKeep),
    });
    this.#askAgainWhenSettled(active.length, info.unsettled === true);
    this.#tell(active, added);
    // A leader of a former version waits for nobody either.
    if (this.#leaving?.told === true && info.waiting !== true) this.#leaving.free();
  }

  #mayRestore(id: string): boolean {
    const { topics, changes } = this.#parts;
    return changes.mayBegin(topics.changelogsOf(topics.subtopologies[partsOfTaskId(id).subtopology]!));
  }

  /** Whether this instance is to go, which it tells now. */
  #tellsLeaving(): boolean {
    if (this.#leaving !== undefined) this.#leaving.told = true;
    return this.#leaving !== undefined;
  }

  #tell(active: readonly string[], added: readonly string[]): void {
    const { standbys, logger } = this.#parts;
    const list = (ids: readonly string[]): string => [...ids].sort().join(" ");
    logger.info(
      `generation ${this.member.generation}: ${active.length === 0 ? "no tasks" : `tasks ${list(active)}`}` +
        (added.length > 0 ? `, new: ${list(added)}` : "") +
        (standbys.ids.length > 0 ? `, standby: ${list(standbys.ids)}` : "") +
        (standbys.warming.length > 0 ? `, warming up: ${list(standbys.warming)}` : ""),
    );
  }

  /** The ids of the tasks whose inputs were all assigned. */
  async #wholeTasks(partitions: readonly TopicPartition[]): Promise<readonly string[]> {
    const { topics, changes, tasks, log } = this.#parts;
    if (assignedTasks(topics.subtopologies, partitions).homeless.length > 0) {
      const names = this.#own.topics;
      changes.seen(names, await log.describeTopics(names));
    }
    const outgrown = tasks.outgrown();
    if (outgrown.length > 0) await this.#onRevoked(outgrown.flatMap(({ inputs }) => inputs));
    return this.#whole.of(assignedTasks(topics.subtopologies, partitions));
  }

  /**
   * An instance that has just come gets its share of the others' tasks only when no more are coming: then it
   * asks for it, once. The assignment may arrive later than that, when it was made while the instance was
   * new.
   *
   * @param unsettled Whether the leader has said that more is to come. Former versions don't: an instance
   * that got something waits for the next rebalance there.
   */
  #askAgainWhenSettled(tasks: number, unsettled: boolean): void {
    clearTimeout(this.#settleTimer);
    this.#settling = tasks === 0 && (unsettled || !this.#askedAgain);
    if (this.#askedAgain || (tasks > 0 && !unsettled)) return;
    const left = SETTLE_MS - (performance.now() - this.#parts.openedAt);
    this.#settleTimer = setTimeout(() => {
      this.#askedAgain = true;
      this.rejoin();
    }, Math.max(0, left) + 1);
  }

  async #onRevoked(revoked: readonly TopicPartition[]): Promise<void> {
    const { tasks, changes, committer, logger, settled } = this.#parts;
    // Whoever gets them begins at that commit.
    await settled();
    const dropped = tasks.drop(revoked);
    // The offsets of a topic that has gone can't be committed, and trying would hold up the rebalance.
    const isGone = ({ inputs }: Task): boolean => inputs.some(({ topic }) => changes.hasGone(topic));
    await Promise.all(dropped.filter(isGone).map((task) => committer.drop(task)));
    await committer.commit(dropped.filter((task) => !isGone(task)));
    for (const task of dropped) task.close();
    logger.info(`gave up tasks ${dropped.map(({ id }) => id).join(" ") || "(none that ran)"}`);
  }

  async #onLost(lost: readonly TopicPartition[]): Promise<void> {
    const { tasks, logger } = this.#parts;
    this.#complete = false;
    const dropped = tasks.drop(lost);
    await this.#abandon(dropped);
    logger.warn(
      `lost tasks ${
        dropped.map(({ id }) => id).join(" ")
      }: the group took this instance for dead; joining again`,
    );
  }

  /** Ends tasks without a commit. */
  async #abandon(tasks: readonly Task[]): Promise<void> {
    await Promise.all(tasks.map((task) => this.#parts.committer.drop(task)));
    for (const task of tasks) task.close();
  }
}

/** The parts of a topology whose tasks have changelogs. */
function partsWithState({ subtopologies, stores }: BoundTopology): ReadonlySet<number> {
  const isLogged = (store: string): boolean => stores.get(store)?.changelog !== undefined;
  return new Set(subtopologies.filter((part) => part.stores.some(isLogged)).map(({ id }) => id));
}
