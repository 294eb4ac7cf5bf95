/**
 * Who runs which task. Tasks stay where they are as far as an even number of tasks a member allows; all partitions of a
 * task go together, so both sides of a join always land in one place.
 *
 * @module
 */
import type { Assignor, Member, MemberAssignment, TopicDescription } from "../../kafka/log.ts";
import type { TopicPartition } from "../../kafka/log.ts";
import type { Subtopology } from "../topology/subtopologies.ts";
import { taskId } from "./task.ts";

/** One task to assign. */
export interface AssignableTask {
  readonly id: string;
  readonly inputs: readonly TopicPartition[];
}

/** A member with the tasks that it runs now. */
export interface TaskOwner {
  readonly memberId: string;
  readonly tasks: ReadonlySet<string>;
  /** The tasks whose stores it keeps current. */
  readonly standbys?: ReadonlySet<string>;
  /** Whether it has just come: tasks that others own stay with them until it has been here for a while. */
  readonly isNew?: boolean;
}

/**
 * Spreads tasks evenly: member counts differ by at most one, a task moves only when its owner has too many or is gone, then if possible
 * to a member that has a standby of it, and the result depends on nothing but the arguments' contents.
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
  const held = (owner: TaskOwner): string[] => tasks.filter((task) => owner.tasks.has(task));
  // Others may be coming too: moving tasks now and again for each of them would move some twice.
  const settling = members.some(({ isNew, tasks }) => isNew && tasks.size === 0);
  const taken = new Set<string>();
  const byHeld = [...members].sort((a, b) =>
    held(b).length - held(a).length || (a.memberId < b.memberId ? -1 : 1)
  );
  const open = new Map<string, number>();
  for (const owner of byHeld) {
    const kept = held(owner).filter((task) => !taken.has(task));
    const quota = least + (extra > 0 && kept.length > least ? 1 : 0);
    if (quota > least) extra--;
    for (const task of settling ? kept : kept.slice(0, quota)) {
      taken.add(task);
      assigned.get(owner.memberId)!.push(task);
    }
    open.set(owner.memberId, quota - Math.min(kept.length, quota));
  }
  for (const task of tasks) {
    if (taken.has(task)) continue;
    const fits = (isOpen: (memberId: string) => boolean): TaskOwner | undefined =>
      members.find(({ memberId, standbys }) => standbys?.has(task) && isOpen(memberId)) ??
        members.find(({ memberId }) => isOpen(memberId));
    let to = fits((memberId) => open.get(memberId)! > 0);
    if (to === undefined) {
      // Only the extra ones are left: to members that have the least.
      const fewest = Math.min(...[...assigned.values()].map(({ length }) => length));
      to = fits((memberId) => assigned.get(memberId)!.length === fewest)!;
      open.set(to.memberId, 1);
    }
    assigned.get(to.memberId)!.push(task);
    open.set(to.memberId, open.get(to.memberId)! - 1);
  }
  return assigned;
}

/**
 * Chooses for each task the members that keep its stores current: not its owner, as even as possible, those that do already first.
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

/** What members and leader tell each other: user data of the group's protocol, as JSON. */
export interface TaskInfo {
  /** The ids of tasks whose stores a member keeps current, or is to. */
  readonly standbys: readonly string[];
  /** For how long the member has been there, in ms; the leader leaves it out. */
  readonly ageMs?: number;
  /** Where the member is reached, as `host:port`; the leader leaves it out. */
  readonly endpoint?: string;
  /** The tasks of each member that said where it is reached, by that; from the leader. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

/** Encodes user data. */
export function encodeTaskInfo(info: TaskInfo): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(info));
}

/** Decodes user data; nothing counts as no standbys. */
export function decodeTaskInfo(bytes: Uint8Array | undefined): TaskInfo {
  return bytes === undefined || bytes.length === 0
    ? { standbys: [] }
    : JSON.parse(new TextDecoder().decode(bytes));
}

/** For how long after its start an instance gets no tasks that others own, in ms: as long as others may be starting with it. */
export const SETTLE_MS: number = 1000;

/** The assignor of a stream application's group. */
export class TaskAssignor implements Assignor {
  readonly name = "kos-tasks";
  readonly #subtopologies: readonly Subtopology[];
  readonly #replicas: number;
  readonly #self: () => TaskInfo;

  /**
   * @param replicas How many standbys each task has, as far as there are other members.
   * @param self What this instance says of itself.
   */
  constructor(subtopologies: readonly Subtopology[], replicas: number, self: () => TaskInfo) {
    this.#subtopologies = subtopologies;
    this.#replicas = replicas;
    this.#self = self;
  }

  userData(): Uint8Array {
    return encodeTaskInfo(this.#self());
  }

  assign(
    members: readonly Member[],
    topics: ReadonlyMap<string, TopicDescription>,
  ): Map<string, MemberAssignment> {
    const tasks = new Map<string, TopicPartition[]>();
    const taskOf = new Map<string, string>();
    for (const { id, sourceTopics } of this.#subtopologies) {
      const counts = sourceTopics.map((topic) => topics.get(topic)?.partitions ?? 0);
      for (let partition = 0; partition < Math.max(...counts); partition++) {
        const inputs = sourceTopics.filter((_, i) => partition < counts[i]!).map((topic) => ({
          topic,
          partition,
        }));
        tasks.set(taskId(id, partition), inputs);
        for (const { topic } of inputs) taskOf.set(`${topic}-${partition}`, taskId(id, partition));
      }
    }
    const endpoints = new Map<string, string>();
    const owners = members.map(({ memberId, owned, userData }) => {
      const { standbys, ageMs, endpoint } = decodeTaskInfo(userData);
      if (endpoint !== undefined) endpoints.set(memberId, endpoint);
      const tasks = owned.map(({ topic, partition }) => taskOf.get(`${topic}-${partition}`));
      return {
        memberId,
        standbys: new Set(standbys),
        isNew: ageMs !== undefined && ageMs < SETTLE_MS,
        tasks: new Set(tasks.filter((id) => id !== undefined)),
      };
    });
    const active = assignTasks(owners, [...tasks.keys()]);
    const standbys = assignStandbys(owners, active, this.#replicas);
    const hosts = Object.fromEntries([...endpoints].map(([memberId, at]) => [at, active.get(memberId)!]));
    const assignment = new Map<string, MemberAssignment>();
    for (const [memberId, ids] of active) {
      const userData = encodeTaskInfo({
        standbys: standbys.get(memberId)!,
        ...(endpoints.size === 0 ? {} : { hosts }),
      });
      assignment.set(memberId, { partitions: ids.flatMap((id) => tasks.get(id)!), userData });
    }
    return assignment;
  }
}
