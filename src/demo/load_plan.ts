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

/** The phases: their part of the time, and their rate as a multiple of what one instance can do. */
const PHASES = [
  { name: "calm", part: 0.15, rate: 0.4 },
  { name: "surge", part: 0.35, rate: 2.5 },
  // More than all four can do: the lag shows it.
  { name: "burst", part: 0.1, rate: 4.5 },
  { name: "calm", part: 0.4, rate: 0.4 },
];

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
  const steps = PHASES.map(({ rate, part }) =>
    `${Math.round(rate * perInstance)}@${Math.round(part * durationMs)}ms`
  );
  return { profile: parseProfile(`step:${steps.join(",")}`), phases };
}

/** A load of somebody's own, in one phase. @throws {ProfileError} When the text is no profile. */
export function ownPlan(profile: string, durationMs: number): LoadPlan {
  return { profile: parseProfile(profile), phases: [{ name: ANY, untilMs: durationMs }] };
}

/** The phase at a time since the start, in ms. */
export function phaseAt(phases: readonly Phase[], atMs: number): string {
  return phases.find(({ untilMs }) => atMs < untilMs)?.name ?? AFTER;
}
