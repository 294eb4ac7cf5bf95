/**
 * HOT PATH. What a topology is made of at run time: each task has its own processors, linked to their children.
 *
 * @module
 */
import type { TaskContext } from "../runtime/task_context.ts";
import type { ManagedStore } from "../state/logged_stores.ts";

/** What a processor gets when its task is made. */
export interface ProcessorInit {
  readonly context: TaskContext;
  /**
   * A store that the topology connects to the processor.
   * @throws {Error} When it is not connected.
   */
  store<S>(name: string): S & ManagedStore;
}

/** One step of a topology, in one task. */
// deno-lint-ignore no-explicit-any -- processors of any types are linked in one graph
export abstract class Processor<K = any, V = any> {
  /** Who gets what this one forwards, in the order in which they were added to the topology. */
  readonly children: Processor[] = [];
  protected context!: TaskContext;

  /** Called once, before the first record. */
  init(init: ProcessorInit): void {
    this.context = init.context;
  }

  /**
   * Takes one record.
   *
   * @param timestamp Milliseconds since the epoch.
   * @param previous In a table's changelog stream: the value that `value` replaces, where it is known; otherwise `null`.
   */
  abstract process(key: K, value: V, timestamp: number, previous: V | null): void;

  /** Called once, when the task ends. */
  close(): void {}

  /** Hands a record to each child. */
  protected forward(key: unknown, value: unknown, timestamp: number, previous: unknown): void {
    const { children } = this;
    for (let i = 0; i < children.length; i++) children[i]!.process(key, value, timestamp, previous);
  }
}
