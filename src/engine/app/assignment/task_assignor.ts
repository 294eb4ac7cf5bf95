/**
 * Who runs which task. Tasks stay where they are as far as an even number of tasks a member allows; all
 * partitions of a task go together, so both sides of a join always land in one place.
 *
 * @module
 */
import type { Assignor, Member, MemberAssignment } from "../../../kafka/port/group.ts";
import type { TopicDescription, TopicPartition } from "../../../kafka/port/topics.ts";
import type { Subtopology } from "../../topology/subtopologies.ts";
import { checkPeers, type OwnTopology, peerOf } from "./group_peers.ts";
import type { EngineLogger } from "../../record/handlers.ts";
import { partsOfTaskId, taskId } from "../../task/task.ts";
import { encodeTaskInfo, type TaskInfo } from "./task_info.ts";
import { type TaskOwner, warmth } from "./task_owner.ts";
import { type Moves, planMoves, withComing } from "./warmups.ts";

/** One task to assign. */
export interface AssignableTask {
  readonly id: string;
  readonly inputs: readonly TopicPartition[];
}

/**
 * Spreads tasks evenly: member counts differ by at most one, a task moves only when its owner has too many or
 * is gone, then if possible to a member that has a standby of it, best a current one, and the result depends
 * on nothing but the arguments' contents.
 *
 * @returns The task ids of each member.
 */
export function assignTasks(owners: readonly TaskOwner[], tasks: readonly string[]): Map<string, string[]> {
  const members = [...owners].sort((a, b) => a.memberId < b.memberId ? -1 : 1);
  const assigned = new Map<string, string[]>(members.map(({ memberId }) => [memberId, []]));
  if (members.length === 0) return assigned;
  const least = Math.floor(tasks.length / members.length);
  // So many members have one task more than the least; those that have more tasks now come first.
  let extra = tasks.length % members.length;
  const held = new Map(members.map((owner) => [owner, tasks.filter((task) => owner.tasks.has(task))]));
  // Others may be coming too: moving tasks now and again for each of them would move some twice.
  const settling = members.some(({ isNew, tasks }) => isNew && tasks.size === 0);
  const needy = members.filter((each) => held.get(each)!.length <= least);
  // What can go on elsewhere the soonest goes first.
  const elsewhere = (owner: TaskOwner, task: string): number =>
    Math.max(0, ...needy.map((each) => each === owner ? 0 : warmth(each, task)));
  const taken = new Set<string>();
  const byHeld = [...members].sort((a, b) =>
    held.get(b)!.length - held.get(a)!.length || (a.memberId < b.memberId ? -1 : 1)
  );
  const open = new Map<string, number>();
  for (const owner of byHeld) {
    const kept = held.get(owner)!.filter((task) => !taken.has(task));
    const quota = least + (extra > 0 && kept.length > least ? 1 : 0);
    if (quota > least) extra--;
    if (kept.length > quota) kept.sort((a, b) => elsewhere(owner, a) - elsewhere(owner, b));
    for (const task of settling ? kept : kept.slice(0, quota)) {
      taken.add(task);
      assigned.get(owner.memberId)!.push(task);
    }
    open.set(owner.memberId, quota - Math.min(kept.length, quota));
  }
  const give = (task: string, { memberId }: TaskOwner): void => {
    taken.add(task);
    assigned.get(memberId)!.push(task);
    open.set(memberId, open.get(memberId)! - 1);
  };
  // Who was chosen, is current, or reads it, before a task of which nobody has anything takes the place.
  for (const warm of [3, 2, 1, 0]) {
    for (const task of tasks) {
      if (taken.has(task)) continue;
      const fits = members.filter(({ memberId }) => open.get(memberId)! > 0);
      const to = fits.find((each) => warmth(each, task) >= warm);
      if (to !== undefined) give(task, to);
    }
  }
  for (const task of tasks) {
    if (taken.has(task)) continue;
    // Only the extra ones are left: to members that have the least.
    const fewest = Math.min(...[...assigned.values()].map(({ length }) => length));
    const fits = members.filter(({ memberId }) => assigned.get(memberId)!.length === fewest);
    give(task, fits.reduce((best, each) => warmth(each, task) > warmth(best, task) ? each : best));
  }
  return assigned;
}

/**
 * Chooses for each task the members that keep its stores current: not its owner, as even as possible, those
 * that do already first.
 *
 * @returns The task ids of each member.
 */
export function assignStandbys(
  owners: readonly TaskOwner[],
  active: ReadonlyMap<string, readonly string[]>,
  replicas: number,
): Map<string, string[]> {
  const members = [...owners].sort((a, b) => a.memberId < b.memberId ? -1 : 1);
  const standbys = new Map<string, string[]>(members.map(({ memberId }) => [memberId, []]));
  const count = (memberId: string): number => standbys.get(memberId)!.length;
  for (const [owner, tasks] of active) {
    for (const task of tasks) {
      const candidates = members.filter(({ memberId }) => memberId !== owner).sort((a, b) => {
        const kept = Number(b.standbys?.has(task) ?? false) - Number(a.standbys?.has(task) ?? false);
        return kept || count(a.memberId) - count(b.memberId) || (a.memberId < b.memberId ? -1 : 1);
      });
      for (const { memberId } of candidates.slice(0, replicas)) standbys.get(memberId)!.push(task);
    }
  }
  return standbys;
}

/**
 * For how long after its start an instance gets no tasks that others own, in ms: as long as others may be
 * starting with it.
 */
export const SETTLE_MS: number = 1000;

/** How a {@linkcode TaskAssignor} assigns as the group's leader, and what it tells its application then. */
export interface LeaderOptions {
  /**
   * How many tasks with state a member warms up at a time, before they move there. Default 0: they move at
   * once.
   */
  readonly maxWarmups?: number;
  /** The ids of the topology's parts whose tasks have stores with changelogs. Default: none. */
  readonly withState?: ReadonlySet<number>;
  readonly logger?: EngineLogger;
  /**
   * Told of the source topics as they are now, before they are assigned. What it throws ends the membership.
   */
  readonly seen?: (names: readonly string[], topics: ReadonlyMap<string, TopicDescription>) => void;
}

/**
 * The assignor of a stream application's group. Only members with this topology get tasks; all others get
 * nothing and are told of by name. The tasks of a part whose source topics are not all there wait: nobody
 * gets them.
 */
export class TaskAssignor implements Assignor {
  readonly name = "kos-tasks";
  readonly #subtopologies: readonly Subtopology[];
  readonly #replicas: number;
  readonly #self: () => TaskInfo;
  readonly #options: LeaderOptions;

  /**
   * @param replicas How many standbys each task has, as far as there are other members.
   * @param self What this instance says of itself.
   */
  constructor(
    subtopologies: readonly Subtopology[],
    replicas: number,
    self: () => TaskInfo,
    options: LeaderOptions = {},
  ) {
    this.#subtopologies = subtopologies;
    this.#replicas = replicas;
    this.#self = self;
    this.#options = options;
  }

  get topics(): string[] {
    return this.#subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
  }

  userData(): Uint8Array {
    return encodeTaskInfo(this.#self());
  }

  /** Whether a member is an instance of kos: what others claim to own, they don't process as tasks. */
  accepts(member: Omit<Member, "owned">): boolean {
    return peerOf(member, this.#own).kind !== "stranger";
  }

  /** @throws {AssignmentRefused} When the members that have tasks all run another topology. */
  assign(
    members: readonly Member[],
    topics: ReadonlyMap<string, TopicDescription>,
  ): Map<string, MemberAssignment> {
    const own = this.#own;
    checkPeers(members, own);
    this.#options.seen?.(own.topics, topics);
    const { tasks, taskOf } = this.#tasks(topics);
    const endpoints = new Map<string, string>();
    const owners: TaskOwner[] = [];
    for (const member of members) {
      const peer = peerOf(member, own);
      if (peer.kind !== "same") {
        this.#warnOf(member, peer.kind === "other" ? peer.info.topology : undefined, peer.kind);
        continue;
      }
      const { standbys, current, warmups, leaving, ageMs, endpoint } = peer.info;
      if (endpoint !== undefined) endpoints.set(member.memberId, endpoint);
      const held = member.owned.map(({ topic, partition }) => taskOf.get(`${topic}-${partition}`));
      owners.push({
        memberId: member.memberId,
        standbys: new Set(standbys),
        ...(current === undefined ? {} : { current: new Set(current) }),
        awaited: new Set(warmups),
        isLeaving: leaving === true,
        isNew: ageMs !== undefined && ageMs < SETTLE_MS,
        tasks: new Set(held.filter((id) => id !== undefined)),
      });
    }
    const { active, standbys, warmups, waiting } = this.#plan(owners, [...tasks.keys()]);
    const hosts = Object.fromEntries([...endpoints].map(([memberId, at]) => [at, active.get(memberId)!]));
    const assignment = new Map<string, MemberAssignment>();
    const told = own.fingerprint === undefined ? {} : { topology: own.fingerprint };
    for (const { memberId } of members) {
      const ids = active.get(memberId);
      if (ids === undefined) {
        // Told what the group runs, it can say why it gets nothing.
        assignment.set(memberId, { partitions: [], userData: encodeTaskInfo({ standbys: [], ...told }) });
        continue;
      }
      const coming = warmups.get(memberId);
      const userData = encodeTaskInfo({
        standbys: standbys.get(memberId)!,
        ...(coming === undefined ? {} : { warmups: coming }),
        ...(waiting.has(memberId) ? { waiting: true } : {}),
        ...(endpoints.size === 0 ? {} : { hosts }),
        ...told,
      });
      const units = ids.map((id) => tasks.get(id)!);
      assignment.set(memberId, { partitions: units.flat(), userData, units });
    }
    return assignment;
  }

  /** Who processes which task now, and who keeps which one's stores. */
  #plan(owners: readonly TaskOwner[], tasks: readonly string[]): Moves & { standbys: Map<string, string[]> } {
    const { maxWarmups = 0, withState = new Set() } = this.#options;
    const staying = owners.filter(({ isLeaving }) => isLeaving !== true);
    // Where all are about to end nothing moves: nobody is to wait for anybody.
    const target = staying.length > 0
      ? assignTasks(staying, tasks)
      : new Map(owners.map((each) => [each.memberId, tasks.filter((task) => each.tasks.has(task))]));
    const hasState = (id: string): boolean => withState.has(partsOfTaskId(id).subtopology);
    const moves = planMoves(owners, target, { hasState, maxWarmups });
    const standbys = assignStandbys(staying, moves.active, this.#replicas);
    return { ...moves, ...withComing(owners, standbys, moves) };
  }

  get #own(): OwnTopology {
    return { fingerprint: this.#self().topology, topics: this.topics };
  }

  /** The inputs of each task, and the task of each input. */
  #tasks(topics: ReadonlyMap<string, TopicDescription>): {
    tasks: Map<string, TopicPartition[]>;
    taskOf: Map<string, string>;
  } {
    const tasks = new Map<string, TopicPartition[]>();
    const taskOf = new Map<string, string>();
    for (const { id, sourceTopics } of this.#subtopologies) {
      const counts = sourceTopics.map((topic) => topics.get(topic)?.partitions ?? 0);
      const missing = sourceTopics.filter((topic) => !topics.has(topic));
      if (missing.length > 0) {
        this.#options.logger?.warn(
          `Nobody gets the tasks of part ${id}: ${missing.join(", ")} ${
            missing.length > 1 ? "are" : "is"
          } not there`,
        );
        continue;
      }
      for (let partition = 0; partition < Math.max(...counts); partition++) {
        const inputs = sourceTopics.filter((_, i) => partition < counts[i]!).map((topic) => ({
          topic,
          partition,
        }));
        tasks.set(taskId(id, partition), inputs);
        for (const { topic } of inputs) taskOf.set(`${topic}-${partition}`, taskId(id, partition));
      }
    }
    return { tasks, taskOf };
  }

  #warnOf({ memberId, topics }: Member, topology: string | undefined, kind: "other" | "stranger"): void {
    this.#options.logger?.warn(
      kind === "stranger"
        ? `Member ${memberId} is a stranger in this application's group: it is not kos, subscribes to ` +
          `${topics.join(", ") || "nothing"}, and gets nothing; stop it, or give it another group id`
        : `Member ${memberId} runs ${
          topology === undefined ? "another topology" : `topology ${topology}`
        } and this group ` +
          `${
            this.#own.fingerprint ?? "another"
          }: it gets no tasks; stop it, or give it another --application-id`,
    );
  }
}
