import { usefulCounts } from "./counts.ts";
import type { Burden, Demand } from "./demand.ts";
import { type MoveCost, moveCost, type MoveSettings } from "./move_cost.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a recommender aims at. All but the bounds have defaults. */
export interface RecommenderSettings extends Partial<MoveSettings> {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** The oldest record that is left may be so old, in seconds. Default 60. */
  readonly sloSeconds?: number;
  /** In what time lag is to be worked off, in seconds. Default as the SLO. */
  readonly catchUpSeconds?: number;
  /**
   * The share of its capacity that the most loaded instance may get. Default 1 where further instances would
   * be of use within the SLO, else 0.9.
   */
  readonly target?: number | undefined;
  /** How long less must be enough before instances go, in seconds. Default 60. */
  readonly holdSeconds?: number;
  /** At least so long an act is the last one, in seconds. Default: what it takes, and two looks of 15 s. */
  readonly settleSeconds?: number;
}

/** What a recommender says to a snapshot. */
export interface Recommendation {
  readonly replicas: number;
  /** One sentence. */
  readonly reason: string;
}

/** The settings with their defaults. */
export type Settled = Required<Omit<RecommenderSettings, "settleSeconds" | "target">> & {
  readonly target?: number;
};

/** How often a group is looked at, unless somebody says so. */
export const LOOK_SECONDS = 15;

/** How much nearer to the target a smaller count has to be, so that what goes does not come back. */
const MARGIN = 0.9;
/** The share of its capacity that an instance gets where nothing can help it soon. */
const SPARING = 0.9;
/** What a count that does not carry the load either has to spare, to be worth its instances. */
const WORTH = 0.99;

/** One snapshot's counts, with what each would come to. */
export class Plan {
  readonly #snapshot: Snapshot;
  readonly #demand: Demand;
  readonly #capacity: number;
  readonly #settings: Settled;

  /** @param capacity Records a second that an instance can process. */
  constructor(
    snapshot: Snapshot,
    demand: Demand,
    capacity: number,
    settings: Settled,
  ) {
    this.#snapshot = snapshot;
    this.#demand = demand;
    this.#capacity = capacity;
    this.#settings = settings;
  }

  /** The count to be, with the reason of it but for who goes where. */
  wish(current: number): Recommendation {
    const { minReplicas, maxReplicas } = this.#settings;
    const counts = usefulCounts(this.#snapshot.partitions, minReplicas, maxReplicas);
    const wanted = counts.find((count) => this.#carries(current, count)) ?? this.#leastBurdened(counts);
    // Where the present count is as good as the wanted one, it stays.
    if (wanted === current || (wanted > current && !this.#isWorthIt(current, wanted))) {
      return keep(current, this.#present(current) + this.#hot() + ".");
    }
    const burden = this.#demand.of(wanted);
    if (wanted > current) {
      return { replicas: wanted, reason: `${this.#up(current, burden, wanted)}${this.#hot()}.` };
    }
    return { replicas: wanted, reason: `${this.#down(current, burden, wanted)}${this.#hot()}.` };
  }

  #carries(current: number, count: number): boolean {
    const { catchUpSeconds, sloSeconds } = this.#settings;
    const { arrival, lag } = this.#demand.of(count);
    const share = this.#target(count) * (count < current ? MARGIN : 1);
    if (arrival > share * this.#capacity) return false;
    // What a move in leaves behind is worked off by fewer.
    const { pauseSeconds } = this.#cost(current, count);
    if (count < current && pauseSeconds > sloSeconds) return false;
    const left = count < current ? lag + arrival * pauseSeconds : lag;
    return arrival + left / catchUpSeconds <= this.#capacity;
  }

  /** Where no count carries it: the least one of those that leave the most loaded instance least to do. */
  #leastBurdened(counts: readonly number[]): number {
    const needs = counts.map((count) => this.#need(this.#demand.of(count)));
    const least = Math.min(...needs);
    return counts[needs.findIndex((need) => need * WORTH <= least)]!;
  }

  #need({ arrival, lag }: Burden): number {
    return arrival + lag / this.#settings.catchUpSeconds;
  }

  /** Whether lag that is there is gone sooner by a move than without. */
  #isWorthIt(current: number, wanted: number): boolean {
    const present = this.#demand.of(current);
    if (present.arrival > this.#target(current) * this.#capacity) return true;
    const { leadSeconds, pauseSeconds } = this.#cost(current, wanted);
    const then = this.#demand.of(wanted);
    const moved = leadSeconds + this.#drain({ ...then, lag: then.lag + then.arrival * pauseSeconds });
    return moved < this.#drain(present);
  }

  /** What the most loaded of so many may get: less where help from further ones would come too late. */
  #target(count: number): number {
    const { target, sloSeconds } = this.#settings;
    const { leadSeconds } = this.#cost(count, count + 1);
    return target ?? (leadSeconds + LOOK_SECONDS <= sloSeconds ? 1 : SPARING);
  }

  #drain({ arrival, lag }: Burden): number {
    return lag === 0 ? 0 : lag / Math.max(0, this.#capacity - arrival);
  }

  #cost(from: number, to: number): MoveCost {
    return moveCost(this.#snapshot, this.#settings, from, to);
  }

  #present(count: number): string {
    const burden = this.#demand.of(count);
    const drain = this.#drain(burden);
    const lag = burden.lag < 1
      ? ""
      : drain === Infinity
      ? ` and does not get rid of its lag of ${text(burden.lag)} records`
      : ` and its lag of ${text(burden.lag)} records is gone in ${text(Math.ceil(drain))} s`;
    return `the most loaded instance gets ${this.#share(burden)}${lag}`;
  }

  #up(current: number, then: Burden, wanted: number): string {
    const present = this.#demand.of(current);
    if (present.arrival > this.#target(current) * this.#capacity) {
      return `the most loaded instance gets ${this.#share(present)}; with ${wanted} it gets ${
        text(then.arrival)
      }`;
    }
    return `the most loaded instance takes ${text(Math.ceil(this.#drain(present)))} s for its lag of ${
      text(present.lag)
    } records; with ${wanted} it takes ${text(Math.ceil(this.#drain(then)))} s`;
  }

  #down(current: number, then: Burden, wanted: number): string {
    const rests = text(Math.ceil(this.#cost(current, wanted).pauseSeconds));
    return `with ${wanted} the most loaded instance gets ${
      this.#share(then)
    }, and what moves rests for ${rests} s`;
  }

  #share({ arrival }: Burden): string {
    return `${text(arrival)} records/s of the ${text(this.#capacity)} that it can process`;
  }

  #hot(): string {
    const [hot] = this.#demand.hot;
    if (hot === undefined) return "";
    return `; partition ${hot.partition} alone gets ${
      text(hot.arrival)
    }, which more instances can't help: it needs a faster one, or keys that spread`;
  }
}

/** That a count stays, and why. */
export function keep(replicas: number, why: string): Recommendation {
  return { replicas, reason: `Keep ${replicas}: ${why}` };
}

/** With commas; Intl takes longer than all the rest. */
function text(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
