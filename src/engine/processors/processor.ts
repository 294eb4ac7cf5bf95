/**
 * HOT PATH. What a topology is made of at run time: each task has its own processors, linked to their
 * children.
 *
 * @module
 */
import { blame } from "../record/blame.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { PausedStep } from "../record/pauses.ts";

/** What a processor gets when its task is made. */
export interface ProcessorInit {
  readonly context: ProcessorContext;
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
  /** Whether all steps before it are {@linkcode resumable}, so that it may pause; its task says. */
  mayPause = false;
  /** The node's name, for messages and handlers. */
  name = "a processor";
  /** Whether a handler decides about what it throws. */
  guarded = false;
  protected context!: ProcessorContext;

  /**
   * Whether steps after it may pause (see `pauses.ts`): it forwards at most once a record and does nothing
   * after that, or does what is left when it is resumed.
   */
  get resumable(): boolean {
    return false;
  }

  /** Called once, before the first record. */
  init(init: ProcessorInit): void {
    this.context = init.context;
  }

  /**
   * Takes one record.
   *
   * @param timestamp Milliseconds since the epoch.
   * @param previous In a table's changelog stream: the value that `value` replaces, where it is known;
   * otherwise `null`.
   */
  abstract process(key: K, value: V, timestamp: number, previous: V | null): void;

  /** Called once, when the task ends. */
  close(): void {}

  /** Hands a record to each child. */
  protected forward(key: unknown, value: unknown, timestamp: number, previous: unknown): void {
    const { children } = this;
    const last = children.length - 1;
    let i = 0;
    try {
      for (; i < last; i++) {
        children[i]!.process(key, value, timestamp, previous);
        const { pauses } = this.context;
        if (pauses.any) return pauses.add(new OtherChildren(this, i + 1, key, value, timestamp, previous));
      }
      if (last >= 0) children[last]!.process(key, value, timestamp, previous);
    } catch (error) {
      blame(error, children[i]!.name);
      throw error;
    }
  }

  /** Hands a record to the children from one on: the others had it before a pause. */
  forwardFrom(from: number, key: unknown, value: unknown, timestamp: number, previous: unknown): void {
    const { children, context: { pauses } } = this;
    for (let i = from; i < children.length; i++) {
      if (pauses.any) return pauses.add(new OtherChildren(this, i, key, value, timestamp, previous));
      children[i]!.process(key, value, timestamp, previous);
    }
  }
}

/** The children that are still to get a record, as one before them has paused. */
class OtherChildren implements PausedStep {
  readonly #parent: Processor;
  readonly #record: readonly [
    from: number,
    key: unknown,
    value: unknown,
    timestamp: number,
    previous: unknown,
  ];

  constructor(
    parent: Processor,
    ...record: [from: number, key: unknown, value: unknown, timestamp: number, previous: unknown]
  ) {
    this.#parent = parent;
    this.#record = record;
  }

  resume(): void {
    this.#parent.forwardFrom(...this.#record);
  }

  // Where handlers are set, each child has a guard of its own.
  failed(error: unknown): never {
    throw error;
  }
}
