import { CommitRejected } from "../../kafka/port/errors.ts";
import type { GroupMember } from "../../kafka/port/group.ts";
import type { Producer } from "../../kafka/port/producer.ts";
import { type CommitEvents, type Committer, RefusedCommit } from "./committer.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { settleCalls } from "./settle_calls.ts";
import type { Task } from "./task.ts";

/**
 * At least once: all tasks share a producer. A commit notes the positions, flushes what was produced before,
 * then commits what was noted; processing goes on meanwhile. After a failure the records since the last
 * commit are processed again.
 */
export class AtLeastOnceCommitter implements Committer {
  readonly #producer: Producer;
  readonly #group: () => GroupMember;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #events: CommitEvents;
  readonly #checkpoints: Checkpoints | undefined;
  #committing: Promise<unknown> = Promise.resolve();
  #underWay = false;
  #last = 0;
  /** Whether anything was processed since the last commit of all tasks began. */
  #worked = false;
  /** Whether all that was processed is committed. */
  #idle = false;

  constructor(
    producer: Producer,
    group: () => GroupMember,
    intervalMs: number,
    now: () => number,
    events: CommitEvents,
    checkpoints?: Checkpoints,
  ) {
    this.#checkpoints = checkpoints;
    this.#producer = producer;
    this.#group = group;
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#events = events;
  }

  producer(): Producer {
    return this.#producer;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  mayProcess(): boolean {
    return true;
  }

  get retries(): Producer["retries"] {
    return this.#producer.retries;
  }

  ready(): Promise<void> {
    return this.#producer.ready();
  }

  untilDue(): number {
    return this.#idle ? Infinity : this.#intervalMs - (this.#now() - this.#last);
  }

  commitDue(tasks: Iterable<Task>, worked: boolean): void {
    if (worked) {
      this.#worked = true;
      this.#idle = false;
    }
    if (this.#underWay || (this.untilDue() > 0 && !isAwaited(tasks))) return;
    this.#last = this.#now();
    this.#underWay = true;
    this.#worked = false;
    this.#commit([...tasks]).catch(this.#events.failed).finally(() => this.#underWay = false);
  }

  async commit(tasks: readonly Task[]): Promise<void> {
    const refused = new RefusedCommit();
    await settleCalls(tasks);
    // Without another try, what was processed since the last commit would be processed twice.
    let { generation } = this.#group();
    while (!await this.#commit(tasks, true) && await refused.again(generation)) {
      ({ generation } = this.#group());
    }
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  async close(abandon: boolean): Promise<void> {
    await this.#producer.close({ abandon });
  }

  /** One commit at a time. Resolves to false when the group refused it for now. */
  #commit(tasks: readonly Task[], last = false): Promise<boolean> {
    const commit = this.#committing.then(() => this.#commitNow(tasks, last));
    this.#committing = commit.catch(() => {}); // whoever asked for it sees it
    return commit;
  }

  async #commitNow(tasks: readonly Task[], last: boolean): Promise<boolean> {
    const changed = tasks.map((task) => ({ task, offsets: task.uncommitted(last) })).filter(({ offsets }) =>
      offsets.length > 0
    );
    if (changed.length === 0) {
      // The last commit of tasks that go elsewhere says nothing of the others.
      if (!last && !this.#worked) this.#idle = true;
      return true;
    }
    const begun = performance.now();
    await this.#producer.flush();
    const checkpoint = await this.#checkpoints?.begin(changed.map(({ task }) => task), last);
    try {
      await this.#group().commit(changed.flatMap(({ offsets }) => offsets));
    } catch (error) {
      if (!(error instanceof CommitRejected)) throw error;
      this.#events.refused(error.message, error.retriable);
      return !error.retriable;
    }
    for (const { task, offsets } of changed) task.committed(offsets);
    checkpoint?.();
    this.#events.committed((performance.now() - begun) / 1000);
    return true;
  }
}

/**
 * Whether a task rests until it is committed: the last commit came amid a record, or what it held back was
 * waited for, and that has ended.
 */
function isAwaited(tasks: Iterable<Task>): boolean {
  for (const { commitWanted, paused, calling } of tasks) if (commitWanted && !paused && !calling) return true;
  return false;
}
