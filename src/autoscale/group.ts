import { spread } from "./assignment.ts";
import type { Queues, Worker } from "./queues.ts";

/** What moves cost. */
export interface GroupSettings {
  readonly partitions: number;
  /** From the decision until a new pod belongs to the group, in seconds. */
  readonly startSeconds: number;
  /** For so long a partition that moves rests, without its restore, in seconds. */
  readonly rebalanceSeconds: number;
  /** Whether all partitions rest in a rebalance, and not only those that move. */
  readonly stopAll: boolean;
  /** Entries of state of a partition. */
  readonly stateEntries: number;
  /** Entries that a pod restores in a second. */
  readonly restoreRate: number;
  /** Whether a pod restores what it is to get while who has it goes on. */
  readonly warmUp: boolean;
}

/** A pod of the group. */
export class Pod implements Worker {
  readonly name: string;
  /** When it belongs to the group. */
  readonly joinsAt: number;
  /** Its partitions. */
  partitions: number[] = [];
  /** Records that it has processed. */
  processed = 0;
  /** What comes to its partitions, of 1. */
  share = 0;

  /** A pod that has been asked for. */
  constructor(name: string, joinsAt: number) {
    this.name = name;
    this.joinsAt = joinsAt;
  }
}

/** A group of pods that come, share partitions and go. */
export class Group {
  /** Those that are asked for, the oldest first. */
  pods: Pod[] = [];
  /** Those that are to go, and hand over first. */
  leaving: Pod[] = [];
  readonly #settings: GroupSettings;
  readonly #queues: Queues;
  #made = 0;
  /** The next second in which a pod joins or a hand-over is due. */
  #nextSecond = 0;
  #handsOverAt = Infinity;
  #dirty = false;

  /** A group whose first pods are there. */
  constructor(settings: GroupSettings, queues: Queues, replicas: number) {
    this.#settings = settings;
    this.#queues = queues;
    this.#add(replicas, 0);
    const lists = spread(
      this.pods.map(() => []),
      Array.from({ length: settings.partitions }, (_, partition) => partition),
    );
    this.pods.forEach((pod, i) => pod.partitions = lists[i]!);
    queues.assign(this.pods);
    this.#plan(0);
  }

  /** Pods that exist, as they are paid. */
  get size(): number {
    return this.pods.length + this.leaving.length;
  }

  /** Pods that belong to the group at a second. */
  ready(second: number): number {
    return this.pods.reduce((sum, { joinsAt }) => joinsAt <= second ? sum + 1 : sum, 0);
  }

  /** Asks for as many pods; the youngest go first, as the ReplicaSet's controller has it. */
  scale(replicas: number, second: number): void {
    this.#add(replicas - this.pods.length, second + this.#settings.startSeconds);
    const gone = this.pods.splice(replicas);
    const members = gone.filter(({ joinsAt }) => joinsAt <= second);
    this.leaving.push(...members);
    if (members.length > 0) this.#dirty = true;
    this.#plan(second);
  }

  /** What is due at a second: pods join, or take over. */
  advance(second: number): void {
    if (second < this.#nextSecond && !this.#dirty) return;
    if (second >= this.#handsOverAt) this.#move(second);
    else if (this.#dirty || this.pods.some(({ joinsAt }) => joinsAt === second && second > 0)) {
      this.#rebalance(second);
    }
    this.#dirty = false;
    this.#plan(second);
  }

  #add(count: number, joinsAt: number): void {
    for (let i = 0; i < count; i++) this.pods.push(new Pod(`pod-${this.#made++}`, joinsAt));
  }

  #plan(second: number): void {
    this.#nextSecond = this.#handsOverAt;
    for (const { joinsAt } of this.pods) {
      if (joinsAt > second) this.#nextSecond = Math.min(this.#nextSecond, joinsAt);
    }
  }

  #rebalance(second: number): void {
    const { warmUp, stateEntries, restoreRate } = this.#settings;
    if (!warmUp) return this.#move(second);
    const received = this.#target(second).map(({ moved }) => moved.length);
    this.#handsOverAt = second + Math.ceil(Math.max(...received) * stateEntries / restoreRate);
    if (this.#handsOverAt === second) this.#move(second);
  }

  /** What each member is to have, and which of it is new to it. */
  #target(second: number): { pod: Pod; list: number[]; moved: number[] }[] {
    const members = this.pods.filter(({ joinsAt }) => joinsAt <= second);
    const lists = spread(
      members.map(({ partitions }) => partitions),
      this.leaving.flatMap(({ partitions }) => partitions),
    );
    return members.map((pod, i) => {
      const had = new Set(pod.partitions);
      return { pod, list: lists[i]!, moved: lists[i]!.filter((partition) => !had.has(partition)) };
    });
  }

  #move(second: number): void {
    const { rebalanceSeconds, stopAll, warmUp, stateEntries, restoreRate } = this.#settings;
    this.#handsOverAt = Infinity;
    for (const { pod, list, moved } of this.#target(second)) {
      const restoreSeconds = warmUp ? 0 : moved.length * stateEntries / restoreRate;
      for (const p of stopAll ? list : []) this.#queues.rest(p, second + rebalanceSeconds);
      for (const p of moved) this.#queues.rest(p, second + rebalanceSeconds + restoreSeconds);
      pod.partitions = list;
    }
    this.leaving = [];
    this.#queues.assign(this.pods);
  }
}
