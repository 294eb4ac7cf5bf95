/**
 * Which faults run, in which order.
 *
 * @module
 */
import type { Guarantee } from "./outcome.ts";

/** What a schedule needs to know of a fault. */
export interface Schedulable {
  readonly place: string;
  /** About how long a run takes. */
  readonly seconds: number;
}

/** The faults of one place with one guarantee, in the order in which they run. */
export interface Round<F extends Schedulable> {
  readonly place: string;
  readonly guarantee: Guarantee;
  readonly faults: readonly F[];
}

/** How long it takes to start the brokers and instances of a place, in s. */
const START_SECONDS = 10;

/**
 * Rounds for a time. With less time than all faults take with both guarantees, those that chance chooses run; with more, all run
 * again in another order.
 *
 * @param random Numbers from 0 to 1.
 */
export function schedule<F extends Schedulable>(
  faults: readonly F[],
  guarantees: readonly Guarantee[],
  seconds: number,
  random: () => number,
): Round<F>[] {
  const rounds: Round<F>[] = [];
  for (let left = seconds;;) {
    const before = left;
    for (const { place, guarantee, faults: all } of shuffled(groups(faults, guarantees), random)) {
      const chosen: F[] = [];
      // At most half of the time each, so that a short run sees both guarantees.
      let room = Math.min(left, seconds / 2) - START_SECONDS;
      for (const fault of shuffled(all, random)) {
        if (fault.seconds > room) continue;
        chosen.push(fault);
        room -= fault.seconds;
      }
      if (chosen.length === 0) continue;
      rounds.push({ place, guarantee, faults: chosen });
      left -= START_SECONDS + chosen.reduce((sum, fault) => sum + fault.seconds, 0);
    }
    if (left === before) return rounds;
  }
}

function groups<F extends Schedulable>(faults: readonly F[], guarantees: readonly Guarantee[]): Round<F>[] {
  const byPlace = Object.entries(Object.groupBy(faults, ({ place }) => place));
  return byPlace.flatMap(([place, list]) =>
    guarantees.map((guarantee) => ({ place, guarantee, faults: list! }))
  );
}

/** In another order (Fisher–Yates). */
function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
