/** The length of a demo that scales at its full pace, in ms: a shorter one decides sooner. */
const FULL_MS = 150_000;

/** How fast all goes: 1 at full length, less in a shorter demo. */
export function paceOf(durationMs: number): number {
  return Math.min(1, durationMs / FULL_MS);
}

/**
 * A time of the demo at its pace, in seconds.
 *
 * @param range The longest, in a demo of full length, and the least, in the shortest.
 */
export function paced([longest, least]: readonly [longest: number, least: number], pace: number): number {
  return Math.max(least, longest * pace);
}
