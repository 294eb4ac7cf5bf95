import { CommitRejected, ProduceError, ProducerFenced } from "../../kafka/port/errors.ts";
import type { GroupMember } from "../../kafka/port/group.ts";
import type { Log } from "../../kafka/port/log.ts";
import type { Producer, ProducerOptions } from "../../kafka/port/producer.ts";
import { type CommitEvents, type Committer, RefusedCommit } from "./committer.ts";
import { ProcessingError } from "../errors.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { TASK_BUFFER_BYTES } from "./output_bounds.ts";
import { settleCalls } from "./settle_calls.ts";
import type { Task } from "./task.ts";

/** How long the log leaves a transaction open after its commit was due, in ms. */
const TRANSACTION_TIMEOUT_MS = 10_000;
/** Brokers leave none open for longer, unless they are told to, in ms. */
const MAX_TRANSACTION_TIMEOUT_MS = 900_000;

/** A task's producer and its transaction. */
interface Transaction {
  readonly producer: Producer;
  /** Appended when the transaction began: more means that there is something to commit. */
  appended: number;
  state: "preparing" | "open" | "committing" | "broken";
  /** When it was opened, by the application's clock. */
  since: number;
  /** The commit, or the begin of the first transaction, that is under way or was last. */
  commit: Promise<void>;
  /** Whether all that was processed is committed. */
  idle: boolean;
  /** The record that the commit had to wait for, if any. */
  pausedAt?: string | undefined;
}

/**
 * Exactly once: each task has a transactional producer of its own, with an id that all instances use for that
 * task. One transaction holds a task's outputs, changelog records and offsets. Whoever prepares a task fences
 * whoever had it before, so that a zombie can't commit. A task rests while its transaction is committed;
 * others go on.
 */
export class ExactlyOnceCommitter implements Committer {
  readonly #log: Log;
  readonly #applicationId: string;
  readonly #group: () => GroupMember;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #events: CommitEvents;
  readonly #onRefused: ((taskId: string) => ProducerOptions["onRefused"]) | undefined;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #transactions = new Map<string, Transaction>();
  /** By task: the record that was under way when its last transaction timed out. */
  readonly #timedOut = new Map<string, string>();
  /** How long the log leaves a transaction open, in ms. */
  readonly #timeoutMs: number;

  /** @param callTimeoutMs How long a task may wait for the promises of its steps: a commit waits too. */
  constructor(
    log: Log,
    applicationId: string,
    group: () => GroupMember,
    intervalMs: number,
    now: () => number,
    events: CommitEvents,
    onRefused?: (taskId: string) => ProducerOptions["onRefused"],
    checkpoints?: Checkpoints,
    callTimeoutMs = 0,
  ) {
    const timeoutMs = intervalMs + TRANSACTION_TIMEOUT_MS + callTimeoutMs;
    this.#timeoutMs = Math.min(timeoutMs, MAX_TRANSACTION_TIMEOUT_MS);
    this.#onRefused = onRefused;
    this.#checkpoints = checkpoints;
    this.#log = log;
    this.#applicationId = applicationId;
    this.#group = group;
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#events = events;
  }

  producer(taskId: string): Producer {
    const onRefused = this.#onRefused?.(taskId);
    const producer = this.#log.producer({
      transactionalId: `${this.#applicationId}-${taskId}`,
      transactionTimeoutMs: this.#timeoutMs,
      bufferBytes: TASK_BUFFER_BYTES,
      ...(onRefused === undefined ? {} : { onRefused }),
    });
    this.#transactions.set(taskId, {
      producer,
      appended: 0,
      state: "preparing",
      since: 0,
      commit: Promise.resolve(),
      idle: false,
    });
    return producer;
  }

  async prepare(task: Task): Promise<void> {
    const transaction = this.#transactions.get(task.id);
    if (transaction === undefined) return;
    // The first transaction fences former producers of the task and ends what they left open. Whoever drops
    // the task waits for it.
    await (transaction.commit = transaction.producer.begin());
  }

  start(task: Task): Promise<void> {
    const transaction = this.#transactions.get(task.id);
    if (transaction !== undefined) {
      transaction.since = this.#now();
      transaction.state = "open";
    }
    return Promise.resolve();
  }

  mayProcess(task: Task): boolean {
    return this.#transactions.get(task.id)?.state === "open";
  }

  get retries(): Producer["retries"] {
    let count = 0;
    let last: string | undefined;
    for (const { producer: { retries } } of this.#transactions.values()) {
      count += retries.count;
      last = retries.last ?? last;
    }
    return { count, last };
  }

  async ready(): Promise<void> {
    for (const { producer } of this.#transactions.values()) await producer.ready();
  }

  untilDue(): number {
    let until = Infinity;
    const now = this.#now();
    for (const { since, state, idle } of this.#transactions.values()) {
      if (!idle) until = Math.min(until, this.#intervalMs - (state === "open" ? now - since : 0));
    }
    return until;
  }

  commitDue(tasks: Iterable<Task>, worked: boolean): void {
    if (worked) { for (const transaction of this.#transactions.values()) transaction.idle = false; }
    const now = this.#now();
    for (const task of tasks) {
      const transaction = this.#transactions.get(task.id);
      if (transaction?.state !== "open" || now - transaction.since < this.#intervalMs) continue;
      // Half of what a record gives would be committed, and all of it written again after a failure; or what
      // stores make of a record, without what is still waited for.
      if (task.paused || task.calling) {
        task.commitWanted = true;
        transaction.pausedAt = task.paused ? task.place : task.context.calls.oldest;
        continue;
      }
      this.#commit(task, transaction).catch((error) => this.#broken(task, transaction, error));
    }
  }

  async commit(tasks: readonly Task[]): Promise<void> {
    await Promise.all(tasks.map(async (task) => {
      const transaction = this.#transactions.get(task.id);
      if (transaction === undefined) return;
      try {
        await transaction.commit;
        if (transaction.state === "open") await settleCalls([task]);
        if (transaction.state === "open" && !task.paused && !task.calling) {
          await this.#commit(task, transaction, true);
        }
      } catch (error) {
        // What it held was aborted: whoever has the task next processes it again.
        this.#broken(task, transaction, error);
      }
      await this.drop(task);
    }));
  }

  async drop(task: Task): Promise<void> {
    const transaction = this.#transactions.get(task.id);
    if (transaction === undefined) return;
    this.#transactions.delete(task.id);
    await transaction.commit.catch(() => {}); // whoever asked for it sees it
    await end(transaction);
  }

  async close(): Promise<void> {
    const transactions = [...this.#transactions.values()];
    this.#transactions.clear();
    await Promise.all(transactions.map(end));
  }

  #commit(task: Task, transaction: Transaction, last = false): Promise<void> {
    const { producer } = transaction;
    const offsets = task.uncommitted(last);
    // What stores held back is waited for now.
    if (task.commitWanted) return Promise.resolve();
    if (offsets.length === 0 && producer.counts.appended === transaction.appended) {
      transaction.since = this.#now();
      transaction.idle = true;
      return Promise.resolve();
    }
    transaction.state = "committing";
    return transaction.commit = (async () => {
      const begun = performance.now();
      const refused = new RefusedCommit();
      if (last && this.#checkpoints !== undefined) await producer.flush();
      const checkpoint = await this.#checkpoints?.begin([task], last);
      for (let done = false; !done;) {
        const { memberId, generation } = this.#group();
        try {
          await producer.commit({ groupId: this.#applicationId, memberId, generation, offsets });
          done = true;
        } catch (error) {
          // While the group rebalances, it may know this member by its next generation already: the same
          // transaction goes on with that.
          if (!(error instanceof CommitRejected) || !error.retriable) throw error;
          if (!await refused.again(generation)) throw error;
        }
      }
      task.committed(offsets);
      checkpoint?.();
      this.#events.committed((performance.now() - begun) / 1000);
      await producer.begin();
      transaction.appended = producer.counts.appended;
      transaction.since = this.#now();
      transaction.pausedAt = undefined;
      transaction.state = "open";
      this.#events.opened();
    })();
  }

  #broken(task: Task, transaction: Transaction, error: unknown): void {
    transaction.state = "broken";
    // Begun again, it would come to the same record again.
    if (error instanceof ProduceError && error.refused) this.#events.failed(error);
    else if (this.#overlong(task, transaction)) {
      this.#events.failed(tooLong(transaction.pausedAt!, this.#timeoutMs, error));
    } else this.#events.lost(task, error);
  }

  /**
   * Whether a transaction has timed out for the second time amid the same record: it would for ever. A broker
   * may be away once.
   */
  #overlong(task: Task, { pausedAt, since }: Transaction): boolean {
    if (pausedAt === undefined || this.#now() - since <= this.#timeoutMs) return false;
    const before = this.#timedOut.get(task.id);
    this.#timedOut.set(task.id, pausedAt);
    return before === pausedAt;
  }
}

function tooLong(what: string, timeoutMs: number, error: unknown): ProcessingError {
  return new ProcessingError(
    `Cannot process the record at ${what}: what it gives takes longer than the ${timeoutMs} ms that a ` +
      "transaction may be open, and it has to be in one; let fewer records have the same key within a " +
      "join's window, or fewer promises come of one record, or use at_least_once",
    { cause: error },
  );
}

/** Aborts what is open, so that readers need not wait for its timeout, and closes the producer. */
async function end({ producer }: Transaction): Promise<void> {
  try {
    await producer.abort();
  } catch (error) {
    if (!(error instanceof ProducerFenced)) throw error;
    // Whoever fenced it has aborted it.
  } finally {
    await producer.close({ abandon: true });
  }
}
