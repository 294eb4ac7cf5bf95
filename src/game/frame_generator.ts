/**
 * HOT PATH. Frames of a group of arcade machines. The same seed gives the same machines and the same frames.
 *
 * @module
 */
import { type FrameHeader, type Game, GAMES, LEVELS, type Zone, ZONES } from "./hit.ts";
import { drawBlow, hitText } from "./hit_source.ts";
import { Random } from "./random.ts";

/** An arcade machine. */
export interface Machine {
  /** Six digits. */
  readonly id: string;
  readonly zone: Zone;
  readonly game: Game;
}

/** What a machine sends at one time. */
export interface Frame {
  readonly header: FrameHeader;
  /** One to five hits of one level, of the machine's game, as lower-case hexadecimal digits. */
  readonly hits: readonly string[];
  /** Whether the response to this request follows. */
  readonly answered: boolean;
}

/** Settings of a {@linkcode FrameGenerator}. */
export interface FrameGeneratorOptions {
  /** A whole number from 0 to 2^53 − 1. */
  readonly seed: number;
  /** How many machines; or `"fallback"`, the four of {@linkcode FALLBACK_MACHINES}. Default: 10 to 35, drawn by the seed. */
  readonly machines?: number | "fallback";
}

/** The fewest machines of a group whose size is drawn. */
export const FEWEST_MACHINES = 10;
/** The most machines of a group whose size is drawn. */
export const MOST_MACHINES = 35;
/** The largest group that can be asked for. */
export const LARGEST_GROUP = 100_000;
/** The most hits of a frame. */
export const MOST_HITS = 5;
/** One request in so many is left without a response. */
export const ONE_UNANSWERED_IN = 101;

/** Drawn ids begin after those of {@linkcode FALLBACK_MACHINES}. */
const LEAST_ID = 4;
const GREATEST_ID = 999_999;

/** The group that is used when none is to be drawn. */
export const FALLBACK_MACHINES: readonly Machine[] = (["EU", "AU", "US", "ZG"] as const).map((zone, i) => ({
  id: machineId(i),
  zone,
  game: "Neowave",
}));

/**
 * Draws frames. Which machine sends, the level, the number of hits and whether a response follows are drawn for each frame.
 *
 * Two frames of one machine within the same millisecond have equal headers, thus equal keys, as in the original: their hits then go
 * to one session.
 *
 * @example
 * ```ts
 * import { FrameGenerator } from "./frame_generator.ts";
 *
 * const generator = new FrameGenerator({ seed: 7 });
 * const frame = generator.next(Date.now());
 * console.log(generator.machines.length, frame.header.machine, frame.hits);
 * ```
 */
export class FrameGenerator {
  readonly machines: readonly Machine[];
  readonly #random: Random;
  readonly #blows = new Uint16Array(MOST_HITS);
  #machine = 0;
  #level = 0;
  #hitCount = 0;
  #answered = false;

  /** @throws {RangeError} When the seed or the number of machines is out of range. */
  constructor(options: FrameGeneratorOptions) {
    this.#random = Random.ofSeed(options.seed);
    this.machines = options.machines === "fallback"
      ? FALLBACK_MACHINES
      : drawMachines(this.#random, options.machines);
  }

  /** The index of the machine that sends the frame drawn last, in {@linkcode machines}; the getters that follow are of that frame too. */
  get machine(): number {
    return this.#machine;
  }

  /** The index of the hits' level in {@linkcode LEVELS}. */
  get level(): number {
    return this.#level;
  }

  /** The hits as indexes of {@linkcode BLOWS}: the first {@linkcode hitCount} of them. The next draw overwrites it. */
  get blows(): Uint16Array {
    return this.#blows;
  }

  /** From 1 to {@linkcode MOST_HITS}. */
  get hitCount(): number {
    return this.#hitCount;
  }

  /** Whether the response to the request follows. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Draws a frame without making an object of it. */
  draw(): void {
    const random = this.#random;
    const blows = this.#blows;
    this.#machine = random.below(this.machines.length);
    this.#level = random.below(LEVELS.length);
    const count = 1 + random.below(MOST_HITS);
    for (let i = 0; i < count; i++) blows[i] = drawBlow(random);
    this.#hitCount = count;
    this.#answered = random.below(ONE_UNANSWERED_IN) !== 0;
  }

  /** The frame drawn last, sent at `nowMs` (milliseconds since the epoch). */
  frame(nowMs: number): Frame {
    const machine = this.machines[this.#machine]!;
    const level = LEVELS[this.#level]!;
    const hits: string[] = [];
    for (let i = 0; i < this.#hitCount; i++) hits.push(hitText(this.#blows[i]!, level, machine.game));
    return {
      header: { ts: nowMs, machine: machine.id, zone: machine.zone },
      hits,
      answered: this.#answered,
    };
  }

  /** Draws a frame, sent at `nowMs`. */
  next(nowMs: number): Frame {
    this.draw();
    return this.frame(nowMs);
  }
}

function drawMachines(random: Random, asked: number | undefined): Machine[] {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1 && asked <= LARGEST_GROUP)) {
    throw new RangeError(
      `Cannot make a group of machines: received ${asked}; allowed is a whole number from 1 to ${LARGEST_GROUP}`,
    );
  }
  // Drawn even if not used, so that a seed's machines begin alike whatever number is asked for.
  const drawn = FEWEST_MACHINES + random.below(MOST_MACHINES - FEWEST_MACHINES + 1);
  const machines = new Map<string, Machine>();
  while (machines.size < (asked ?? drawn)) {
    const id = machineId(LEAST_ID + random.below(GREATEST_ID - LEAST_ID + 1));
    const zone = ZONES[random.below(ZONES.length)]!;
    const game = GAMES[random.below(GAMES.length)]!;
    if (!machines.has(id)) machines.set(id, { id, zone, game });
  }
  return [...machines.values()];
}

function machineId(id: number): string {
  return String(id).padStart(6, "0");
}
