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
}

/**
 * Spreads tasks evenly: member counts differ by at most one, a task moves only when its owner has too many or is gone, and the
 * result depends on nothing but the arguments' contents.
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
  const taken = new Set<string>();
  const byHeld = [...members].sort((a, b) =>
    held(b).length - held(a).length || (a.memberId < b.memberId ? -1 : 1)
  );
  const open = new Map<string, number>();
  for (const owner of byHeld) {
    const kept = held(owner).filter((task) => !taken.has(task));
    const quota = least + (extra > 0 && kept.length > least ? 1 : 0);
    if (quota > least) extra--;
    for (const task of kept.slice(0, quota)) {
      taken.add(task);
      assigned.get(owner.memberId)!.push(task);
    }
    open.set(owner.memberId, quota - Math.min(kept.length, quota));
  }
  for (const task of tasks) {
    if (taken.has(task)) continue;
    let to = members.find(({ memberId }) => open.get(memberId)! > 0);
    if (to === undefined) {
      // Only the extra ones are left: to members that have the least.
      to = members.find(({ memberId }) => assigned.get(memberId)!.length === least)!;
      open.set(to.memberId, 1);
    }
    assigned.get(to.memberId)!.push(task);
    open.set(to.memberId, open.get(to.memberId)! - 1);
  }
  return assigned;
}

/** The assignor of a stream application's group. */
export class TaskAssignor implements Assignor {
  readonly name = "kos-tasks";
  readonly #subtopologies: readonly Subtopology[];

  constructor(subtopologies: readonly Subtopology[]) {
    this.#subtopologies = subtopologies;
  }

  userData(): Uint8Array {
    return new Uint8Array(0);
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
    const owners = members.map(({ memberId, owned }) => ({
      memberId,
      tasks: new Set(
        owned.map(({ topic, partition }) => taskOf.get(`${topic}-${partition}`)).filter((id) =>
          id !== undefined
        ),
      ),
    }));
    const assignment = new Map<string, MemberAssignment>();
    for (const [memberId, ids] of assignTasks(owners, [...tasks.keys()])) {
      assignment.set(memberId, { partitions: ids.flatMap((id) => tasks.get(id)!) });
    }
    return assignment;
  }
}
