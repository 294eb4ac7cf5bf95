/**
 * Standby tasks: stores that are kept current from their changelogs, so that a task that comes here needs
 * only the last records. A warm-up is one that is to come as soon as it is current.
 *
 * @module
 */
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import { partitionKey, type TopicPartition } from "../../kafka/port/topics.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import { DEFAULT_ACCEPTABLE_RECOVERY_LAG } from "./config.ts";
import type { Task } from "./task.ts";
import { untilThere } from "./until_there.ts";

/** A standby with the offsets up to which its changelogs were read, by topic. */
export interface Standby {
  readonly task: Task;
  readonly positions: Map<string, number>;
}

/** Which tasks are to come when they are current. */
export interface Warmups {
  /** Standbys that are. Default: none. */
  readonly now?: readonly string[] | undefined;
  /** The tasks after these, in their order: each is begun when another one has got current. Default: none. */
  readonly next?: readonly string[] | undefined;
}

/** What standbys tell their instance, and when one counts as current. */
export interface StandbysOptions {
  /** Called when the stores have grown. */
  readonly afterPoll?: () => void;
  /** Called when a changelog is not there, or not as it was: it may have been deleted. */
  readonly onMissing?: () => void;
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
  /** Partitions whose records the log has deleted meanwhile, up to where reading goes on. */
  readonly #skipped: { readonly partition: TopicPartition; readonly resumedAt: number }[] = [];
  #fetcher: Fetcher | undefined;
  #running: Promise<void> | undefined;
  readonly #closing = new AbortController();
  readonly #options: StandbysOptions;
  /** When each warm-up began, by `performance.now`. */
  readonly #warmups = new Map<string, number>();
  /** The warm-ups that are not begun yet, and what makes their tasks. */
  #next: { readonly ids: string[]; readonly make: (id: string) => Task } = { ids: [], make: unmade };
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
   * Keeps exactly these tasks current, and of the warm-ups to come those that it has begun with.
   *
   * @param make Makes a task, also later.
   * @param warmups Which of them, and of further tasks, are to come.
   */
  assign(ids: readonly string[], make: (id: string) => Task, { now = [], next = [] }: Warmups = {}): void {
    const begun = next.filter((id) => this.#warmups.has(id));
    const kept = new Set([...ids, ...begun]);
    const coming = new Set([...now, ...begun]);
    for (const id of this.ids) if (!kept.has(id)) this.take(id)?.task.close();
    for (const id of [...this.#warmups.keys()].filter((id) => !coming.has(id))) {
      this.#warmups.delete(id);
      // It stays a standby, which is no longer promised: what it has left to read counts again.
      this.#warm.delete(id);
    }
    for (const id of kept) this.#add(id, make);
    for (const id of coming) this.#warmUp(id);
    this.#next = { ids: next.filter((id) => !kept.has(id)), make };
  }

  #add(id: string, make: (id: string) => Task): void {
    if (this.#standbys.has(id)) return;
    const task = make(id);
    if (task.changelogs.length === 0) return;
    // Known at once: who takes it before it has begun goes on from there.
    const standby = { task, positions: new Map(task.file?.positions) };
    this.#standbys.set(id, standby);
    this.#begin(standby).catch((error) => standby.task.closed || this.#failed(error));
  }

  #warmUp(id: string): void {
    if (this.#standbys.has(id) && !this.#warmups.has(id)) this.#warmups.set(id, performance.now());
  }

  /** Begins with so many of the warm-ups to come: the group need not be asked for each of many small ones. */
  #beginNext(count: number): void {
    const { ids, make } = this.#next;
    for (const id of ids.splice(0, count)) {
      this.#add(id, make);
      this.#warmUp(id);
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

  /** Whether a changelog is read here. */
  reads(topic: string): boolean {
    return this.tasks.some((task) => task.changelogs.some((each) => each.topic === topic));
  }

  /** Drops those that read a changelog. */
  drop(topic: string): void {
    for (const task of this.tasks) {
      if (task.changelogs.some((each) => each.topic === topic)) this.take(task.id)?.task.close();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#fetcher?.wakeup();
    await this.#running;
    for (const id of this.ids) this.take(id)?.task.close();
  }

  /** Whether a standby is still to be kept current. */
  #wants(standby: Standby): boolean {
    return this.#standbys.get(standby.task.id) === standby && !this.#closing.signal.aborted;
  }

  async #begin(standby: Standby): Promise<void> {
    await untilThere(() => this.#read(standby), {
      wanted: () => this.#wants(standby),
      onMissing: () => this.#options.onMissing?.(),
      signal: this.#closing.signal,
    });
  }

  async #read(standby: Standby): Promise<void> {
    const { changelogs, partition } = standby.task;
    const partitions = changelogs.map(({ topic }) => ({ topic, partition }));
    const starts = await this.#log.offsets(partitions, "earliest");
    if (!this.#wants(standby)) return;
    this.#fetcher ??= this.#makeFetcher();
    for (const [i, { topic, store }] of changelogs.entries()) {
      const start = Math.max(starts[i]!, standby.task.file?.positions.get(topic) ?? 0);
      standby.positions.set(topic, start);
      this.#stores.set(partitionKey(topic, partition), { standby, store });
      this.#fetcher.assign({ topic, partition }, start);
    }
    this.#running ??= this.#run(this.#fetcher).catch(this.#failed);
  }

  #makeFetcher(): Fetcher {
    const onMissing = (): void => this.#options.onMissing?.();
    return this.#log.fetcher({
      outOfRange: "earliest",
      maxWaitMs: POLL_MS,
      onMissing,
      onOutOfRange: (partition, wanted, resumedAt) => {
        if (resumedAt < wanted) onMissing();
        else this.#skipped.push({ partition, resumedAt });
      },
    });
  }

  async #run(fetcher: Fetcher): Promise<void> {
    try {
      while (!this.#closing.signal.aborted) {
        for (const set of await fetcher.poll(POLL_MS)) {
          const kept = this.#stores.get(partitionKey(set.topic, set.partition));
          if (kept === undefined) continue;
          kept.store.restore(set);
          this.#advance(kept.standby, set.topic, set.nextOffset);
        }
        for (const { partition, resumedAt } of this.#skipped.splice(0)) this.#skip(partition, resumedAt);
        this.#options.afterPoll?.();
        this.#tellWarm();
      }
    } finally {
      await fetcher.close();
    }
  }

  /**
   * Nothing may come any more that would say so: the log deletes what is old from a window's changelog, up to
   * its end.
   */
  #skip({ topic, partition }: TopicPartition, resumedAt: number): void {
    const standby = this.#stores.get(partitionKey(topic, partition))?.standby;
    if (standby !== undefined && resumedAt > standby.positions.get(topic)!) {
      this.#advance(standby, topic, resumedAt);
    }
  }

  #advance({ positions, task }: Standby, topic: string, position: number): void {
    positions.set(topic, position);
    task.restored(topic, position);
  }

  #tellWarm(): void {
    if (this.#warmups.size === 0) return;
    const { patienceMs = DEFAULT_PATIENCE_MS, onWarm } = this.#options;
    const current = new Set(this.current);
    const now = performance.now();
    const warm = this.warming.filter((id) => current.has(id) || now - this.#warmups.get(id)! > patienceMs);
    for (const id of warm) this.#warm.add(id);
    this.#beginNext(warm.length);
    if (warm.some((id) => !this.#reported.has(id))) onWarm?.();
  }
}

function unmade(id: string): never {
  throw new Error(`Cannot warm up task ${id}: nothing was assigned yet`);
}
