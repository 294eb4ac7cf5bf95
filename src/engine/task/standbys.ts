/**
 * Standby tasks: stores that are kept current from their changelogs, so that a task that comes here needs
 * only the last records. A warm-up is one that is to come as soon as it is current.
 *
 * @module
 */
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import { partitionKey } from "../../kafka/port/topics.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import { DEFAULT_ACCEPTABLE_RECOVERY_LAG } from "./config.ts";
import type { Task } from "./task.ts";

/** A standby with the offsets up to which its changelogs were read, by topic. */
export interface Standby {
  readonly task: Task;
  readonly positions: Map<string, number>;
}

/** What standbys tell their instance, and when one counts as current. */
export interface StandbysOptions {
  /** Called when the stores have grown. */
  readonly afterPoll?: () => void;
  /** Called when warm-ups have become current: they can come now. */
  readonly onWarm?: () => void;
  /** How many records a task's changelogs may have left for it to be current. Default 10,000. */
  readonly acceptableLag?: number;
  /** After this time a warm-up counts as current, however much is left, in ms. Default 600,000. */
  readonly patienceMs?: number;
}

/** The default of {@linkcode StandbysOptions.patienceMs}: what never gets current is to move all the same. */
const DEFAULT_PATIENCE_MS = 600_000;

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
  readonly #options: StandbysOptions;
  /** When each warm-up began, by `performance.now`. */
  readonly #warmups = new Map<string, number>();
  /** The warm-ups that were current once: they stay so for the group, which is about to move them. */
  readonly #warm = new Set<string>();
  /** Those that the group knows to be current. */
  #reported: ReadonlySet<string> = new Set();

  constructor(log: Log, failed: (error: unknown) => void, options: StandbysOptions = {}) {
    this.#options = options;
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
    // Of what is not fetched yet at least one.
    return this.#lags().reduce((sum, [, lag]) => sum + (lag ?? 1), 0);
  }

  /** The ids of those that are current, which the group is told now. */
  report(): string[] {
    const { current } = this;
    this.#reported = new Set(current);
    return current;
  }

  /** The ids of the tasks that can be taken over with no more than the last records to read. */
  get current(): string[] {
    const { acceptableLag = DEFAULT_ACCEPTABLE_RECOVERY_LAG } = this.#options;
    const lags = new Map<string, number>();
    for (const [id, lag] of this.#lags()) lags.set(id, (lags.get(id) ?? 0) + (lag ?? Infinity));
    return this.ids.filter((id) => this.#warm.has(id) || lags.get(id)! <= acceptableLag);
  }

  /** The ids of the tasks that are to come. */
  get warmups(): string[] {
    return [...this.#warmups.keys()].sort();
  }

  /** The ids of the warm-ups that are not current yet. */
  get warming(): string[] {
    return this.warmups.filter((id) => !this.#warm.has(id));
  }

  /** How much of each changelog is left, by task; `undefined` where that is not known. */
  #lags(): [id: string, lag: number | undefined][] {
    return [...this.#standbys.values()].flatMap(({ task, positions }) =>
      task.changelogs.map(({ topic }): [string, number | undefined] => {
        const end = this.#fetcher?.endOffset({ topic, partition: task.partition });
        const position = positions.get(topic);
        return [
          task.id,
          end === undefined || position === undefined ? undefined : Math.max(0, end - position),
        ];
      })
    );
  }

  /**
   * Keeps exactly these tasks current.
   *
   * @param warmups Those of them that are to come when they are current.
   */
  assign(ids: readonly string[], make: (id: string) => Task, warmups: readonly string[] = []): void {
    for (const id of this.ids) if (!ids.includes(id)) this.take(id)?.task.close();
    for (const id of [...this.#warmups.keys()]) if (!warmups.includes(id)) this.#warmups.delete(id);
    const added = ids.filter((id) => !this.#standbys.has(id));
    for (const id of added) {
      const standby = { task: make(id), positions: new Map<string, number>() };
      if (standby.task.changelogs.length === 0) continue;
      this.#standbys.set(id, standby);
      this.#begin(standby).catch(this.#failed);
    }
    for (const id of warmups) {
      if (this.#standbys.has(id) && !this.#warmups.has(id)) this.#warmups.set(id, performance.now());
    }
  }

  /** Gives a standby away, to be processed here, or to be dropped. */
  take(id: string): Standby | undefined {
    const standby = this.#standbys.get(id);
    if (standby === undefined) return undefined;
    this.#standbys.delete(id);
    this.#warmups.delete(id);
    this.#warm.delete(id);
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
        this.#options.afterPoll?.();
        this.#tellWarm();
      }
    } finally {
      await fetcher.close();
    }
  }

  #tellWarm(): void {
    if (this.#warmups.size === 0) return;
    const { patienceMs = DEFAULT_PATIENCE_MS, onWarm } = this.#options;
    const current = new Set(this.current);
    const now = performance.now();
    const warm = this.warming.filter((id) => current.has(id) || now - this.#warmups.get(id)! > patienceMs);
    for (const id of warm) this.#warm.add(id);
    if (warm.some((id) => !this.#reported.has(id))) onWarm?.();
  }
}
