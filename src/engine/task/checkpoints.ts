/**
 * Notes in the files of stores on disk how far their changelogs are in them, in step with commits.
 *
 * @module
 */
import type { Log } from "../../kafka/port/log.ts";
import type { TopicPartition } from "../../kafka/port/topics.ts";
import type { Task } from "./task.ts";

/** How often positions are noted while tasks run, in ms: asking the log for its ends costs a request. */
const INTERVAL_MS = 1000;

/** Asks the log how far changelogs have come, and notes it in the files of the tasks. */
export class Checkpoints {
  readonly #log: Log;
  readonly #everyCommit: boolean;
  readonly #now: () => number;
  #last = -Infinity;

  /**
   * @param everyCommit Whether positions are of use while a task runs: with at least once. With exactly once
   * only a task's last ones are.
   * @param now The time of the machine, in ms since the epoch.
   */
  constructor(log: Log, everyCommit: boolean, now: () => number) {
    this.#log = log;
    this.#everyCommit = everyCommit;
    this.#now = now;
  }

  /**
   * Call it when all changes of the tasks are flushed to their changelogs, before their offsets are
   * committed, and what it gives once they are. In this order the positions are right: a commit succeeds only
   * for the owner of a task, so nobody else has written to its changelogs up to the ends that were read
   * before; and what this instance had written is in its stores.
   *
   * @param last Whether the tasks leave, and nothing was processed since.
   */
  async begin(tasks: readonly Task[], last: boolean): Promise<() => void> {
    const onDisk = tasks.filter(({ file }) => file !== undefined);
    if (onDisk.length === 0) return () => {};
    const due = last || (this.#everyCommit && this.#now() - this.#last >= INTERVAL_MS);
    const ends = due ? await this.#ends(onDisk) : undefined;
    if (due) this.#last = this.#now();
    return () => {
      for (const task of onDisk) {
        task.file!.commit(ends?.get(task));
        if (last) task.settled = true;
      }
    };
  }

  async #ends(tasks: readonly Task[]): Promise<Map<Task, Map<string, number>>> {
    const partitions: TopicPartition[] = [];
    for (const { changelogs, partition } of tasks) {
      for (const { topic } of changelogs) partitions.push({ topic, partition });
    }
    const offsets = await this.#log.offsets(partitions, "latest");
    let i = 0;
    return new Map(
      tasks.map((task) => [task, new Map(task.changelogs.map(({ topic }) => [topic, offsets[i++]!]))]),
    );
  }
}
