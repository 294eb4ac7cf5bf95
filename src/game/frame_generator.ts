/**
 * HOT PATH. Frames of a group of arcade machines. Equal seeds give equal machines and equal frames.
 *
 * @module
 */
import { type FrameHeader, type Game, GAMES, LEVELS, type Zone, ZONES } from "./hit.ts";
import { drawBlow, hitText } from "./hit_source.ts";
import { Random } from "./random.ts";

/** An arcade machine. */
export interface Machine {
  /** The machine's number, in six digits. */
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
  /**
   * How many machines; or `"fallback"`, the four of {@linkcode FALLBACK_MACHINES}. Default: 10 to 35, drawn
   * by the seed.
   */
  readonly machines?: number | "fallback";
}

/** The fewest machines of a group whose size is drawn. */
export const FEWEST_MACHINES = 10;
/** The most machines of a group whose size is drawn. */
export const MOST_MACHINES = 35;
/** The largest group that can be asked for, and that a group grows to. */
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
 * Draws frames. Which machine sends, the level, the number of hits and whether a response follows are drawn
 * for each frame.
 *
 * Two frames of one machine within the same millisecond have equal headers, thus equal keys: their hits then
 * go to one session. Whoever writes many frames a millisecond lets another machine send one of them
 * ({@linkcode FrameGenerator.pass}).
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
  readonly #machines: Machine[];
  readonly #seed: number;
  readonly #random: Random;
  /** Draws the machines that join later: frames are the same with or without them. */
  #joining: { readonly random: Random; readonly ids: Set<string> } | undefined;
  readonly #blows = new Uint16Array(MOST_HITS);
  #machine = 0;
  #level = 0;
  #hitCount = 0;
  #answered = false;

  /** @throws {RangeError} When the seed or the number of machines is out of range. */
  constructor(options: FrameGeneratorOptions) {
    this.#seed = options.seed;
    this.#random = Random.ofSeed(options.seed);
    this.#machines = options.machines === "fallback"
      ? [...FALLBACK_MACHINES]
      : drawMachines(this.#random, options.machines);
  }

  /** The group. */
  get machines(): readonly Machine[] {
    return this.#machines;
  }

  /** The index of the machine that sends the frame drawn last, in {@linkcode machines}. */
  get machine(): number {
    return this.#machine;
  }

  /** The index of the level of the hits of the frame drawn last, in {@linkcode LEVELS}. */
  get level(): number {
    return this.#level;
  }

  /**
   * The hits of the frame drawn last, as indexes of {@linkcode BLOWS}: the first {@linkcode hitCount} of
   * them. The next draw overwrites it.
   */
  get blows(): Uint16Array {
    return this.#blows;
  }

  /** How many hits the frame drawn last has, from 1 to {@linkcode MOST_HITS}. */
  get hitCount(): number {
    return this.#hitCount;
  }

  /** Whether the response to the frame drawn last follows. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Draws a frame without making an object of it. */
  draw(): void {
    const random = this.#random;
    const blows = this.#blows;
    this.#machine = random.below(this.#machines.length);
    this.#level = random.below(LEVELS.length);
    const count = 1 + random.below(MOST_HITS);
    for (let i = 0; i < count; i++) blows[i] = drawBlow(random);
    this.#hitCount = count;
    this.#answered = random.below(ONE_UNANSWERED_IN) !== 0;
  }

  /** Lets another machine send the frame drawn last. */
  pass(machine: number): void {
    this.#machine = machine;
  }

  /** Adds a machine to the group, which the seed tells too; `false` where it is as large as may be. */
  grow(): boolean {
    if (this.#machines.length >= LARGEST_GROUP) return false;
    this.#joining ??= {
      random: Random.ofSeed(Number.MAX_SAFE_INTEGER - this.#seed),
      ids: new Set(this.#machines.map(({ id }) => id)),
    };
    const { random, ids } = this.#joining;
    let machine: Machine;
    do machine = drawMachine(random); while (ids.has(machine.id));
    ids.add(machine.id);
    this.#machines.push(machine);
    return true;
  }

  /** The frame drawn last, sent at `nowMs` (milliseconds since the epoch). */
  frame(nowMs: number): Frame {
    const machine = this.#machines[this.#machine]!;
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
      `Cannot make a group of machines: received ${asked}; allowed is a whole number from 1 to ` +
        `${LARGEST_GROUP}`,
    );
  }
  // Drawn even if not used, so that a seed's machines begin alike whatever number is asked for.
  const drawn = FEWEST_MACHINES + random.below(MOST_MACHINES - FEWEST_MACHINES + 1);
  const machines = new Map<string, Machine>();
  while (machines.size < (asked ?? drawn)) {
    const machine = drawMachine(random);
    if (!machines.has(machine.id)) machines.set(machine.id, machine);
  }
  return [...machines.values()];
}

function drawMachine(random: Random): Machine {
  const id = machineId(LEAST_ID + random.below(GREATEST_ID - LEAST_ID + 1));
  const zone = ZONES[random.below(ZONES.length)]!;
  const game = GAMES[random.below(GAMES.length)]!;
  return { id, zone, game };
}

function machineId(id: number): string {
  return String(id).padStart(6, "0");
}
