/**
 * Whoever sees a whole application tells how many instances it should have: the recommender over what the
 * instances' metrics say, with what it was decided from and what it decided before.
 *
 * @module
 */
import { LOOK_SECONDS } from "../autoscale/plan.ts";
import { type HotPartition, Recommender, type RecommenderSettings } from "../autoscale/recommender.ts";
import { sumOf } from "../metrics/partition_gauges.ts";
import { Group, type GroupLook, type Measured, members } from "./group.ts";

/** Settings of an {@linkcode Advisor}. */
export interface AdvisorSettings extends RecommenderSettings {
  /** Told of each decision, and of what keeps it from deciding. */
  readonly told?: AdvisorListener;
}

/** Who is told of what an advisor does. */
export interface AdvisorListener {
  /** The number has changed. */
  decided(decision: Decision): void;
  /** Nothing is decided any more, for this reason; or again, without one. */
  blind(problem: string | undefined): void;
}

/** A change of the recommended number. */
export interface Decision {
  /** When, in ms since the epoch. */
  readonly atMs: number;
  readonly from: number;
  readonly replicas: number;
  /** Why, in one sentence. */
  readonly reason: string;
}

/** What a recommendation was decided from; what is not known is left out. */
export interface Inputs extends Measured {
  /** Records a second that an instance processes. */
  readonly capacity?: number | undefined;
  /** Records a second that come. */
  readonly arrival?: number | undefined;
  /** Records left to process. */
  readonly lag?: number | undefined;
  /** The parts that the work has. */
  readonly partitions: number;
  /** Those of which the arrival or the lag is not known. */
  readonly unknownPartitions: number;
  readonly instances: readonly InstanceInput[];
}

/** An instance as it was looked at. */
export interface InstanceInput {
  readonly name: string;
  readonly ready: boolean;
  /** How many partitions it has. */
  readonly partitions: number;
  readonly arrival?: number | undefined;
  readonly lag?: number | undefined;
  readonly capacity?: number | undefined;
  readonly busy?: number | undefined;
}

/** What is recommended, and why. */
export interface Advice {
  /** How many there should be; left out before that is known. */
  readonly replicas?: number;
  /** How many there are. */
  readonly running?: number | undefined;
  /** One sentence. */
  readonly reason: string;
  /** When it was decided, in ms since the epoch. */
  readonly atMs?: number;
  /** What keeps it from deciding anew. */
  readonly problem?: string | undefined;
  readonly inputs?: Inputs;
  /** Partitions that alone get more than an instance can process, which more instances can't help. */
  readonly hotPartitions: readonly HotPartition[];
  /** The last ones, the newest first. */
  readonly decisions: readonly Decision[];
}

/** How many decisions are kept. */
const MOST_DECISIONS = 50;
/** Before anything was looked at. */
const NOTHING: Advice = { reason: "Nothing has been looked at yet.", hotPartitions: [], decisions: [] };

/**
 * Recommends a number again and again. What it has recommended counts as asked for from then on, whether
 * somebody follows at once, later or not at all: so one that follows slowly does not make it change its mind.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Advisor } from "./advisor.ts";
 *
 * const advisor = new Advisor({ minReplicas: 1, maxReplicas: 4 });
 * const partitions = [0, 1].map((partition) => ({ topic: "orders", partition, lag: 0, arrival: 900 }));
 * const instances = [{ name: "a", ready: true, partitions, capacity: 1_000 }];
 * advisor.observe({ atMs: 0, instances, running: 1 });
 * assertEquals(advisor.advice.replicas, 2);
 * ```
 */
export class Advisor {
  readonly #recommender: Recommender;
  readonly #lookMs: number;
  readonly #told: AdvisorListener | undefined;
  readonly #group = new Group();
  #advice = NOTHING;
  #decisions: readonly Decision[] = [];
  /** The time on the wall of the last look, and how long all looks took. */
  #seenAtMs: number | undefined;
  #elapsedMs = 0;
  #dueMs = 0;

  /** @throws {RangeError} Naming a setting that can't be. */
  constructor({ told, ...settings }: AdvisorSettings) {
    this.#recommender = new Recommender(settings);
    // A look that comes a little early is one.
    this.#lookMs = (settings.lookSeconds ?? LOOK_SECONDS) * 1_000 * 0.9;
    this.#told = told;
  }

  /** What is recommended now. */
  get advice(): Advice {
    return this.#advice;
  }

  /**
   * Takes what was seen; it decides no more often than each {@linkcode RecommenderSettings.lookSeconds}.
   *
   * @param asked How many have been asked for, of whoever follows at once and may be told otherwise by hand.
   * @returns The decision, when the number has changed.
   */
  observe(look: GroupLook, asked?: number): Decision | undefined {
    this.#pass(look.atMs);
    this.#group.note(look);
    const before = this.#advice;
    const { running } = look;
    const count = asked ?? before.replicas ?? this.#first(look);
    const problem = this.#problemOf(look, count);
    if ((problem === undefined) !== (before.problem === undefined)) this.#told?.blind(problem);
    if (problem !== undefined || count === undefined) {
      this.#advice = { ...before, running, problem, reason: keptReason(before, problem) };
      return undefined;
    }
    const { problem: _, ...sound } = before;
    this.#advice = { ...sound, running };
    if (this.#elapsedMs < this.#dueMs && before.problem === undefined && before.replicas === count) return;
    this.#dueMs = this.#elapsedMs + this.#lookMs;
    return this.#decide(look, count);
  }

  /** Notes the time that has gone by; a clock on the wall may be set, and go back. */
  #pass(atMs: number): void {
    this.#elapsedMs += Math.max(0, atMs - (this.#seenAtMs ?? atMs));
    this.#seenAtMs = atMs;
  }

  /** How many there are, once it is known that these are all. */
  #first({ instances }: GroupLook): number | undefined {
    if (this.#group.parts === 0 || this.#group.missing > 0) return undefined;
    return Math.max(1, members(instances));
  }

  #problemOf({ instances, problem }: GroupLook, count: number | undefined): string | undefined {
    if (problem !== undefined && (instances.length === 0 || this.#group.missing > 0)) return problem;
    if (instances.some(({ partitions }) => partitions.some(({ partition }) => partition < 0))) {
      return "the instances tell no partitions (--metrics-level topic)";
    }
    if (this.#group.parts === 0) return "no instance has told of a partition yet";
    return count === undefined ? "not all partitions have been told of yet" : undefined;
  }

  #decide(look: GroupLook, count: number): Decision | undefined {
    const { atMs, running } = look;
    const { replicas, reason } = this.#recommender.observe(
      this.#group.snapshot(look, this.#elapsedMs, count),
    );
    const decision = replicas === count ? undefined : { atMs, from: count, replicas, reason };
    if (decision !== undefined) this.#decisions = [decision, ...this.#decisions].slice(0, MOST_DECISIONS);
    this.#advice = {
      replicas,
      running,
      reason: withRunning(reason, running, count),
      atMs,
      inputs: this.#inputs(look),
      hotPartitions: this.#recommender.hot,
      decisions: this.#decisions,
    };
    if (decision !== undefined) this.#told?.decided(decision);
    return decision;
  }

  #inputs({ instances, unowned = [] }: GroupLook): Inputs {
    const all = [...instances.flatMap(({ partitions }) => partitions), ...unowned];
    return {
      capacity: this.#recommender.capacity,
      ...workOf(all),
      partitions: this.#group.parts,
      unknownPartitions: this.#recommender.unknown,
      ...this.#group.measured,
      instances: instances.map(({ name, ready, partitions, capacity, busy }) => ({
        name,
        ready,
        partitions: partitions.length,
        ...workOf(partitions),
        capacity,
        busy,
      })),
    };
  }
}

/** The sums, of what is known of all. */
function workOf(
  partitions: readonly { readonly arrival?: number; readonly lag?: number }[],
): { arrival?: number | undefined; lag?: number | undefined } {
  return {
    arrival: sumOf(partitions.map(({ arrival }) => arrival)),
    lag: sumOf(partitions.map(({ lag }) => lag)),
  };
}

/** That the last word stands, and why. */
function keptReason({ replicas, atMs }: Advice, problem: string | undefined): string {
  if (problem === undefined) return NOTHING.reason;
  if (replicas === undefined || atMs === undefined) return `Nothing is recommended yet: ${problem}.`;
  return `Keep ${replicas}, as of ${new Date(atMs).toISOString()}: ${problem}.`;
}

/** A count that was asked for, and is not there, or not yet. */
function withRunning(reason: string, running: number | undefined, asked: number): string {
  if (running === undefined || running === asked) return reason;
  const how = running > asked ? "still" : "so far";
  return reason.replace(/\.$/, `; ${running} ${running === 1 ? "runs" : "run"} ${how}.`);
}
