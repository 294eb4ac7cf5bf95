/**
 * HOT PATH. Random hits with the original's weights: key X 1 : O 1; direction Up 4, Right 3, Down 2, Left 1;
 * impact Fatal 1, Critical 2, Special 2, Direct 10, Missed 5; violence 42 to 209. No double key.
 *
 * A hit is one uniform draw: 2 keys × 10 directions × 20 impacts × 168 violences are 67,200 equally likely
 * outcomes, a symbol taking as many of them as its weight says. What is drawn is the index of a hit that was
 * made beforehand, so that a hit allocates nothing.
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

/** How often each key comes, in parts of the sum. */
export const KEY_WEIGHTS: Readonly<Record<Key, number>> = { X: 1, O: 1 };
/** How often each direction comes, in parts of the sum. */
export const DIRECTION_WEIGHTS: Readonly<Record<Direction, number>> = { UP: 4, RIGHT: 3, DOWN: 2, LEFT: 1 };
/** How often each impact comes, in parts of the sum. */
export const IMPACT_WEIGHTS: Readonly<Record<ImpactType, number>> = {
  Fatal: 1,
  Critical: 2,
  Special: 2,
  Direct: 10,
  Missed: 5,
};

/** A hit but for the level and the game, which are a frame's. */
export type Blow = Omit<Hit, "level" | "game">;

const { blows, blowOfOutcome } = outcomes();

/** All that can be drawn, each once: {@linkcode drawBlow} gives an index of it. */
export const BLOWS: readonly Blow[] = blows;

function outcomes(): { blows: Blow[]; blowOfOutcome: Uint16Array } {
  const blows: Blow[] = [];
  const blowOfOutcome: number[] = [];
  for (const [key, keys] of entries(KEY_WEIGHTS)) {
    for (const [direction, directions] of entries(DIRECTION_WEIGHTS)) {
      for (const [impactType, impacts] of entries(IMPACT_WEIGHTS)) {
        for (let violence = LEAST_VIOLENCE; violence <= GREATEST_VIOLENCE; violence++) {
          const missed = impactType === "Missed";
          // A miss has no violence: its outcomes are all the same hit.
          if (!missed || violence === LEAST_VIOLENCE) {
            blows.push({ key, direction, impactType, impact: missed ? 0 : violence, doubleKey: null });
          }
          for (let times = keys * directions * impacts; times > 0; times--) {
            blowOfOutcome.push(blows.length - 1);
          }
        }
      }
    }
  }
  return { blows, blowOfOutcome: Uint16Array.from(blowOfOutcome) };
}

function entries<S extends string>(weights: Readonly<Record<S, number>>): [S, number][] {
  return Object.entries(weights) as [S, number][];
}

/** Draws an index of {@linkcode BLOWS}. */
export function drawBlow(random: Random): number {
  return blowOfOutcome[random.below(blowOfOutcome.length)]!;
}

const texts = new Map<string, (string | undefined)[]>();

/**
 * A hit as lower-case hexadecimal digits.
 *
 * @param blow An index of {@linkcode BLOWS}.
 */
export function hitText(blow: number, level: Level, game: Game): string {
  const name = `${level} ${game}`;
  let table = texts.get(name);
  if (!table) texts.set(name, table = new Array(BLOWS.length).fill(undefined));
  return table[blow] ??= encodeHitHex({ ...BLOWS[blow]!, level, game });
}
