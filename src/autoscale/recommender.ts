/**
 * How many instances there should be, and why: from what comes in, what is left, what an instance has been
 * measured to process and what a move costs.
 *
 * @module
 */
import { Demand } from "./demand.ts";
import { Growth } from "./growth.ts";
import { moveCost } from "./move_cost.ts";
import {
  keep,
  LOOK_SECONDS,
  Plan,
  type Recommendation,
  type RecommenderSettings,
  type Settled,
} from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";

export type { Recommendation, RecommenderSettings };

interface Wish extends Recommendation {
  readonly atMs: number;
}

/**
 * Recommends counts. It acts at most once a settling time, never on what it does not know, and only by counts
 * that lower the most loaded instance's share.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Recommender } from "./recommender.ts";
 *
 * const recommender = new Recommender({ minReplicas: 1, maxReplicas: 4 });
 * const partitions = [0, 1, 2, 3].map((partition) => ({
 *   topic: "orders",
 *   partition,
 *   lag: 0,
 *   arrival: 6_000,
 * }));
 * const instance = { name: "a", ready: true, partitions, capacity: 10_000 };
 * const snapshot = { atMs: 0, instances: [instance], running: 1, pending: 0, partitions: 4 };
 * assertEquals(recommender.observe(snapshot), {
 *   replicas: 4,
 *   reason: "Go from 1 to 4: the most loaded instance gets 24,000 records/s of the 10,000 that it can " +
 *     "process; with 4 it gets 6,000.",
 * });
 * ```
 */
export class Recommender {
  readonly #settings: Settled;
  readonly #settleSeconds: number | undefined;
  readonly #growth = new Growth();
  readonly #uneven = new Map<number, number>();
  #capacity: number | undefined;
  #wishes: Wish[] = [];
  /** Since when there are wishes about the present count. */
  #watchedSinceMs: number | undefined;
  /** What the last act was for. */
  #recommended = 0;
  #settledAtMs = -Infinity;
  #actedAtMs = -Infinity;

  /**
   * @throws {RangeError} Naming a setting that can't be.
   */
  constructor(settings: RecommenderSettings) {
    const { sloSeconds = 60 } = settings;
    const { settleSeconds, ...given } = settings;
    this.#settings = {
      startSeconds: 30,
      rebalanceSeconds: 3,
      restoreRate: 100_000,
      warmUp: false,
      sloSeconds,
      catchUpSeconds: sloSeconds,
      holdSeconds: 60,
      ...defined(given),
    };
    this.#settleSeconds = settleSeconds;
    checkSettings(this.#settings);
  }

  /** What to do about a group; snapshots come in the order of their times. */
  observe(snapshot: Snapshot): Recommendation {
    const count = snapshot.running + snapshot.pending;
    const { minReplicas, maxReplicas } = this.#settings;
    this.#capacity = capacityOf(snapshot) ?? this.#capacity;
    const speedUp = this.#growth.observe(snapshot);
    if (count < minReplicas || count > maxReplicas) {
      const bound = count < minReplicas ? minReplicas : maxReplicas;
      return this.#act(snapshot, bound, `${count} is out of the bounds ${minReplicas} to ${maxReplicas}.`);
    }
    if (this.#capacity === undefined) {
      return keep(count, "what an instance can process has not been measured yet.");
    }
    const demand = new Demand(snapshot, this.#capacity, speedUp, this.#uneven);
    const wish = new Plan(snapshot, demand, this.#capacity, this.#settings).wish(count);
    return this.#stabilize(snapshot, count, demand, wish);
  }

  /** Lets a wish become an act, or says why not. */
  #stabilize(snapshot: Snapshot, count: number, demand: Demand, wish: Recommendation): Recommendation {
    const { atMs } = snapshot;
    const { holdSeconds } = this.#settings;
    const since = atMs - holdSeconds * 1_000;
    this.#wishes = [...this.#wishes.filter((wish) => wish.atMs > since), { atMs, ...wish }];
    this.#watchedSinceMs ??= atMs;
    // Whoever follows may be slow: until then the last word stands.
    if (atMs < this.#settledAtMs && (wish.replicas !== count || this.#recommended !== count)) {
      const ago = Math.round((atMs - this.#actedAtMs) / 1_000);
      const left = Math.ceil((this.#settledAtMs - atMs) / 1_000);
      return keep(this.#recommended, `the last change was ${ago} s ago and settles in another ${left} s.`);
    }
    if (wish.replicas === count) return wish;
    if (wish.replicas > count && this.#growth.begins) {
      return keep(count, "more comes in since the last look, and the next one tells how much.");
    }
    if (wish.replicas > count) return this.#act(snapshot, wish.replicas, wish.reason);
    if (demand.unknown > 0) {
      const which = `${demand.unknown} of ${snapshot.partitions} partitions`;
      return keep(count, `the load of ${which} is not known, so none goes.`);
    }
    const held = Math.max(...this.#wishes.map(({ replicas }) => replicas));
    if (this.#watchedSinceMs > since || held >= count) {
      return keep(count, `${wish.replicas} would do, but not for ${holdSeconds} s yet.`);
    }
    return this.#act(snapshot, held, this.#wishes.findLast(({ replicas }) => replicas === held)!.reason);
  }

  #act(snapshot: Snapshot, to: number, reason: string): Recommendation {
    const from = snapshot.running + snapshot.pending;
    const { leadSeconds } = moveCost(snapshot, this.#settings, from, to);
    const settle = this.#settleSeconds ?? leadSeconds + 2 * LOOK_SECONDS;
    this.#recommended = to;
    this.#actedAtMs = snapshot.atMs;
    this.#settledAtMs = snapshot.atMs + settle * 1_000;
    this.#wishes = [];
    this.#watchedSinceMs = undefined;
    return { replicas: to, reason: `Go from ${from} to ${to}: ${reason}` };
  }
}

/** What most instances can process: the lower median, as one that has just started is slow. */
function capacityOf({ instances }: Snapshot): number | undefined {
  const known = instances.flatMap(({ capacity }) => capacity !== undefined && capacity > 0 ? [capacity] : [])
    .sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)];
}

/** The settings without those that are `undefined`, which stand for their defaults. */
function defined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

const POSITIVE = ["sloSeconds", "catchUpSeconds", "restoreRate"] as const;
const NOT_NEGATIVE = ["startSeconds", "rebalanceSeconds", "holdSeconds"] as const;

function checkSettings(settings: Settled): void {
  const fail = (name: string, value: number, expected: string): never => {
    throw new RangeError(`Cannot recommend: received ${name} ${value}; expected ${expected}`);
  };
  const { minReplicas, maxReplicas, target } = settings;
  if (!(minReplicas >= 1)) fail("minReplicas", minReplicas, "at least 1");
  if (!(maxReplicas >= minReplicas)) fail("maxReplicas", maxReplicas, `at least minReplicas, ${minReplicas}`);
  if (target !== undefined && !(target > 0 && target <= 1)) {
    fail("target", target, "a share above 0, at most 1");
  }
  for (const name of POSITIVE) if (!(settings[name] > 0)) fail(name, settings[name], "more than 0");
  for (const name of NOT_NEGATIVE) if (!(settings[name] >= 0)) fail(name, settings[name], "0 or more");
}
