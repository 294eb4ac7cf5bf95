/**
 * A load that follows its plan until somebody takes it over by hand.
 *
 * @module
 */
import type { PlayedProfile } from "../datagen/profile.ts";
import { type LoadPlan, phaseAt, RATES } from "./load_plan.ts";

/** What goes before the plan. */
interface Override {
  readonly name: string;
  readonly rate: number;
  /** Until when, in ms since the start. */
  readonly untilMs: number;
}

/** What a rate that somebody has set is called. */
const BY_HAND = "hand";
/** How long a surge and a burst last that somebody asks for, in ms. */
const SURGE_MS = 20_000;
const BURST_MS = 5_000;

/** The plan, and what goes before it for a while. */
export class LiveLoad implements PlayedProfile {
  readonly text: string;
  readonly lengthMs: number = Infinity;
  readonly #plan: LoadPlan;
  readonly #perInstance: number;
  #override: Override | undefined;
  #atMs = 0;

  /** @param perInstance What one instance can process, in records a second. */
  constructor(plan: LoadPlan, perInstance: number) {
    this.text = plan.profile.text;
    this.#plan = plan;
    this.#perInstance = perInstance;
  }

  /** The rate at a time, which goes on from call to call. */
  rateAt(ms: number): number {
    this.#atMs = ms;
    return this.#overrideAt(ms)?.rate ?? this.#plan.profile.rateAt(ms);
  }

  /** What the load is called at a time. */
  phaseAt(ms: number): string {
    return this.#overrideAt(ms)?.name ?? phaseAt(this.#plan.phases, ms);
  }

  /** From now on the rate is this, in records a second. */
  setRate(rate: number): void {
    this.#override = { name: BY_HAND, rate, untilMs: Infinity };
  }

  /** For a while it is more than one instance can process; then it is as it was. */
  surge(): void {
    this.#raise("surge", RATES.surge, SURGE_MS);
  }

  /** For a short while it is more than all instances can process; then it is as it was. */
  burst(): void {
    this.#raise("burst", RATES.burst, BURST_MS);
  }

  #raise(name: string, rate: number, forMs: number): void {
    this.#override = { name, rate: rate * this.#perInstance, untilMs: this.#atMs + forMs };
  }

  #overrideAt(ms: number): Override | undefined {
    return this.#override !== undefined && ms < this.#override.untilMs ? this.#override : undefined;
  }
}
