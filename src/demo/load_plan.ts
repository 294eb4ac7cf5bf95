/**
 * The load of a demo: what one instance can carry, what only four can, and what not even these can.
 *
 * @module
 */
import { parseProfile, type Profile } from "../datagen/profile.ts";

/** A part of the load. */
export interface Phase {
  readonly name: string;
  /** When it ends, since the start, in ms. */
  readonly untilMs: number;
}

/** A load in phases. */
export interface LoadPlan {
  readonly profile: Profile;
  readonly phases: readonly Phase[];
}

/** The rates of the phases, as multiples of what one instance can do; a burst is more than four can. */
export const RATES = { calm: 0.4, surge: 2.5, burst: 4.5 } as const;
/** The phases, and their part of the time. */
const PHASES = [
  { name: "calm", part: 0.15 },
  { name: "surge", part: 0.35 },
  { name: "burst", part: 0.1 },
  { name: "calm", part: 0.4 },
] as const;

/** What a load is called that is no plan's. */
const ANY: string = "load";
/** What comes after the load. */
export const AFTER = "drain";

/**
 * The load of a demo of any length.
 *
 * @param perInstance What one instance can process, in records a second.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadPlan, phaseAt } from "./load_plan.ts";
 *
 * const plan = loadPlan(1000, 100_000);
 * assertEquals(plan.profile.rateAt(20_000), 2500);
 * assertEquals(phaseAt(plan.phases, 20_000), "surge");
 * ```
 */
export function loadPlan(perInstance: number, durationMs: number): LoadPlan {
  let at = 0;
  const phases = PHASES.map(({ name, part }) => ({ name, untilMs: at += Math.round(part * durationMs) }));
  const steps = PHASES.map(({ name, part }) =>
    `${Math.round(RATES[name] * perInstance)}@${Math.round(part * durationMs)}ms`
  );
  return { profile: parseProfile(`step:${steps.join(",")}`), phases };
}

/** A load of somebody's own, in one phase. */
export function ownPlan(profile: Profile, durationMs: number): LoadPlan {
  return { profile, phases: [{ name: ANY, untilMs: durationMs }] };
}

/** The phase at a time since the start, in ms. */
export function phaseAt(phases: readonly Phase[], atMs: number): string {
  return phases.find(({ untilMs }) => atMs < untilMs)?.name ?? AFTER;
}
