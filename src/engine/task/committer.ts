/**
 * How outputs, changelogs and offsets become durable: one implementation a processing guarantee.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Producer } from "../../kafka/port/producer.ts";
import type { Task } from "./task.ts";

/** Makes what tasks have done durable, for all tasks of an instance. */
export interface Committer {
  /** The producer that a task's sinks and changelogs write to. Called once a task, before it is made. */
  producer(taskId: string): Producer;
  /**
   * Makes sure that nobody else writes for this task any more. Called before its offsets are read and its
   * stores restored.
   */
  prepare(task: Task): Promise<void>;
  /** Called when a task is restored, before its first record. */
  start(task: Task): Promise<void>;
  /** Whether a task may process records now. */
  mayProcess(task: Task): boolean;
  /** Sends of its producers that were tried again so far, and why the last one was. */
  readonly retries: Producer["retries"];
  /** Resolves when what is appended may grow: back-pressure of a slow broker. */
  ready(): Promise<void>;
  /**
   * Starts the commits that are due and returns at once; what fails goes to the owner's handlers.
   *
   * @param worked Whether the tasks have done anything since the last call.
   */
  commitDue(tasks: Iterable<Task>, worked: boolean): void;
  /**
   * In how many ms the next commit is due at the earliest; negative when overdue, `Infinity` when there is
   * nothing to commit.
   */
  untilDue(): number;
  /** Commits tasks that go elsewhere. What a rebalance refuses at first is tried again for some seconds. */
  commit(tasks: readonly Task[]): Promise<void>;
  /** Frees what it holds for a task that is gone; what was not committed is abandoned. */
  drop(task: Task): Promise<void>;
  /** Frees everything. With `abandon`, what was not committed is dropped. */
  close(abandon: boolean): Promise<void>;
}

/** What a committer tells its application. */
export interface CommitEvents {
  /** A commit was made; it took so many seconds. */
  committed(seconds: number): void;
  /** A task that rested while it was committed may process again. */
  opened(): void;
  /** A commit was refused. */
  refused(message: string, retriable: boolean): void;
  /** A task can't go on here: another instance has it, or its transaction is broken. */
  lost(task: Task, error: unknown): void;
  /** The application can't go on. */
  failed(error: unknown): void;
}

/** How long a commit before leaving is tried, in ms: with leaving the group it stays below 5 s. */
export const LAST_COMMIT_MS = 4000;
/** How long to wait before a refused commit is tried again, in ms. */
const COMMIT_RETRY_MS = 50;

/** How often, and for how long, a commit is tried again that its group refuses because it rebalances. */
export class RefusedCommit {
  #generation: number | undefined;
  #until = 0;

  /**
   * Waits for the next try.
   *
   * @param generation The member's, as of the try that was refused. Each has a time of its own, from its
   * first refusal on: on a slow broker a try may take longer than that, and the group be further by then.
   * @returns Whether to try again.
   */
  async again(generation: number): Promise<boolean> {
    const now = performance.now();
    if (generation !== this.#generation) this.#until = now + LAST_COMMIT_MS;
    this.#generation = generation;
    if (now > this.#until) return false;
    await delay(COMMIT_RETRY_MS);
    return true;
  }
}
