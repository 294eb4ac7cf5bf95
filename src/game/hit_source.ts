/**
 * HOT PATH. Random hits of one level and game as hexadecimal text, with the original's weights: key X 1 : O 1; direction Up 4,
 * Right 3, Down 2, Left 1; impact Fatal 1, Critical 2, Special 2, Direct 10, Missed 5; violence 42 to 209. No double key.
 *
 * A hit is one uniform draw: 2 keys × 10 directions × 20 impacts × 168 violences are 67,200 equally likely outcomes, a symbol taking
 * as many of them as its weight says. The texts are made beforehand, so that a hit allocates nothing.
 *
 * @module
 */
import type { Direction, Game, Hit, ImpactType, Key, Level } from "./hit.ts";
import { encodeHitHex } from "./hit_codec.ts";
import type { Random } from "./random.ts";

/** The least violence of a generated hit that is not a miss. */
export const LEAST_VIOLENCE = 42;
/** The greatest violence of a generated hit. */
export const GREATEST_VIOLENCE = 209;

/** How often each key comes, in parts of the sum; likewise the two that follow. */
export const KEY_WEIGHTS: Readonly<Record<Key, number>> = { X: 1, O: 1 };
export const DIRECTION_WEIGHTS: Readonly<Record<Direction, number>> = { UP: 4, RIGHT: 3, DOWN: 2, LEFT: 1 };
export const IMPACT_WEIGHTS: Readonly<Record<ImpactType, number>> = {
  Fatal: 1,
  Critical: 2,
  Special: 2,
  Direct: 10,
  Missed: 5,
};

/** The different hits of one level and game, and which of them each outcome is. */
const { hits, hitOfOutcome } = outcomes();

function outcomes(): { hits: Omit<Hit, "level" | "game">[]; hitOfOutcome: Uint16Array } {
  const hits: Omit<Hit, "level" | "game">[] = [];
  const hitOfOutcome: number[] = [];
  for (const [key, keys] of entries(KEY_WEIGHTS)) {
    for (const [direction, directions] of entries(DIRECTION_WEIGHTS)) {
      for (const [impactType, impacts] of entries(IMPACT_WEIGHTS)) {
        for (let violence = LEAST_VIOLENCE; violence <= GREATEST_VIOLENCE; violence++) {
          const missed = impactType === "Missed";
          // A miss has no violence: its outcomes are all the same hit.
          if (!missed || violence === LEAST_VIOLENCE) {
            hits.push({ key, direction, impactType, impact: missed ? 0 : violence, doubleKey: null });
          }
          for (let times = keys * directions * impacts; times > 0; times--) {
            hitOfOutcome.push(hits.length - 1);
          }
        }
      }
    }
  }
  return { hits, hitOfOutcome: Uint16Array.from(hitOfOutcome) };
}

function entries<S extends string>(weights: Readonly<Record<S, number>>): [S, number][] {
  return Object.entries(weights) as [S, number][];
}

/** Draws hits of one level and game. */
export class HitSource {
  readonly #texts: readonly string[];

  constructor(level: Level, game: Game) {
    this.#texts = hits.map((hit) => encodeHitHex({ ...hit, level, game }));
  }

  /** A hit as lower-case hexadecimal digits. */
  next(random: Random): string {
    return this.#texts[hitOfOutcome[random.below(hitOfOutcome.length)]!]!;
  }
}

const sources = new Map<string, HitSource>();

/** The source for a level and a game, one for all who ask: its texts take a millisecond and a quarter of a megabyte. */
export function hitSource(level: Level, game: Game): HitSource {
  const name = `${level} ${game}`;
  let source = sources.get(name);
  if (!source) sources.set(name, source = new HitSource(level, game));
  return source;
}
