/**
 * Standby tasks: stores that are kept current from their changelogs, so that a task that comes here needs
 * only the last records.
 *
 * @module
 */
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import { partitionKey } from "../../kafka/port/topics.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { Task } from "./task.ts";

/** A standby with the offsets up to which its changelogs were read, by topic. */
export interface Standby {
  readonly task: Task;
  readonly positions: Map<string, number>;
}

/** How long a poll waits, in ms. */
const POLL_MS = 500;

/** The standbys of an instance, and the loop that reads their changelogs. */
export class Standbys {
  readonly #log: Log;
  readonly #failed: (error: unknown) => void;
  readonly #standbys = new Map<string, Standby>();
  /** The stores by changelog partition. */
  readonly #stores = new Map<string, { readonly standby: Standby; readonly store: ManagedStore }>();
  #fetcher: Fetcher | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  readonly #afterPoll: () => void;

  /** @param afterPoll Called when the stores have grown. */
  constructor(log: Log, failed: (error: unknown) => void, afterPoll: () => void = () => {}) {
    this.#afterPoll = afterPoll;
    this.#log = log;
    this.#failed = failed;
  }

  /** The ids of the tasks that are kept current. */
  get ids(): string[] {
    return [...this.#standbys.keys()].sort();
  }

  /** The tasks that are kept current. */
  get tasks(): Task[] {
    return [...this.#standbys.values()].map(({ task }) => task);
  }

  /** How many records are still to be read, as of the last fetches. */
  get lag(): number {
    let lag = 0;
    for (const { task, positions } of this.#standbys.values()) {
      for (const { topic } of task.changelogs) {
        const end = this.#fetcher?.endOffset({ topic, partition: task.partition });
        // Not fetched yet: at least one.
        lag += end === undefined ? 1 : Math.max(0, end - (positions.get(topic) ?? 0));
      }
    }
    return lag;
  }

  /** Keeps exactly these tasks current. */
  assign(ids: readonly string[], make: (id: string) => Task): void {
    for (const id of this.ids) if (!ids.includes(id)) this.take(id)?.task.close();
    const added = ids.filter((id) => !this.#standbys.has(id));
    for (const id of added) {
      const standby = { task: make(id), positions: new Map<string, number>() };
      if (standby.task.changelogs.length === 0) continue;
      this.#standbys.set(id, standby);
      this.#begin(standby).catch(this.#failed);
    }
  }

  /** Gives a standby away, to be processed here, or to be dropped. */
  take(id: string): Standby | undefined {
    const standby = this.#standbys.get(id);
    if (standby === undefined) return undefined;
    this.#standbys.delete(id);
    for (const { topic } of standby.task.changelogs) {
      this.#stores.delete(partitionKey(topic, standby.task.partition));
      this.#fetcher?.unassign({ topic, partition: standby.task.partition });
    }
    return standby;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fetcher?.wakeup();
    await this.#running;
    for (const id of this.ids) this.take(id)?.task.close();
  }

  async #begin(standby: Standby): Promise<void> {
    const { changelogs, partition, id } = standby.task;
    const partitions = changelogs.map(({ topic }) => ({ topic, partition }));
    const starts = await this.#log.offsets(partitions, "earliest");
    if (this.#standbys.get(id) !== standby || this.#closed) return;
    this.#fetcher ??= this.#log.fetcher({ outOfRange: "earliest", maxWaitMs: POLL_MS });
    for (const [i, { topic, store }] of changelogs.entries()) {
      const start = Math.max(starts[i]!, standby.task.file?.positions.get(topic) ?? 0);
      standby.positions.set(topic, start);
      this.#stores.set(partitionKey(topic, partition), { standby, store });
      this.#fetcher.assign({ topic, partition }, start);
    }
    this.#running ??= this.#run(this.#fetcher).catch(this.#failed);
  }

  async #run(fetcher: Fetcher): Promise<void> {
    try {
      while (!this.#closed) {
        for (const set of await fetcher.poll(POLL_MS)) {
          const kept = this.#stores.get(partitionKey(set.topic, set.partition));
          if (kept === undefined) continue;
          kept.store.restore(set);
          kept.standby.positions.set(set.topic, set.nextOffset);
          kept.standby.task.restored(set.topic, set.nextOffset);
        }
        this.#afterPoll();
      }
    } finally {
      await fetcher.close();
    }
  }
}
