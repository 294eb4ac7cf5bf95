/**
 * Random numbers that repeat with their seed: xoshiro128** by David Blackman and Sebastiano Vigna
 * (<https://prng.di.unimi.it/xoshiro128starstar.c>), its state filled by SplitMix32 with MurmurHash3's
 * finalizer (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Not for
 * secrets.
 *
 * @example
 * ```ts
 * import { Random } from "./random.ts";
 *
 * const dice = Random.ofSeed(42);
 * console.log(1 + dice.below(6));
 * ```
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Begins with this state, four 32-bit words, not all of them 0. */
  constructor(a: number, b: number, c: number, d: number) {
    if (((a | b | c | d) >>> 0) === 0) {
      throw new RangeError("Cannot make a random number generator: received a state of zeros");
    }
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
  }

  /**
   * @param seed A whole number from 0 to 2^53 − 1.
   * @throws {RangeError} When it is not.
   */
  static ofSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(
        `Cannot use as a seed: received ${seed}; allowed is a whole number from 0 to 2^53 - 1`,
      );
    }
    // The high word goes through the mixer before the low one is added, so that both change all of the state.
    let state = splitMix(Math.floor(seed / 0x1_0000_0000)) + (seed >>> 0);
    const word = (): number => splitMix(state = (state + 0x9e3779b9) | 0);
    return new Random(word(), word(), word(), word() | 1);
  }

  /** The next whole number from 0 to 2^32 − 1. */
  next(): number {
    return this.#step() >>> 0;
  }

  /** 32 bits as a signed number: an unsigned one may be beyond what V8 passes on without an allocation. */
  #step(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul(scrambled << 7 | scrambled >>> 25, 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = this.#d << 11 | this.#d >>> 21;
    return result;
  }

  /**
   * A whole number from 0 to `bound` − 1, by multiplication instead of a remainder (Lemire, "Fast random
   * integer generation in an interval", 2019). One number may come more often than another by at most `bound`
   * in 2^32.
   *
   * @param bound From 1 to 2^21, so that the product is exact.
   */
  below(bound: number): number {
    return Math.floor((this.#step() >>> 0) * bound / 0x1_0000_0000);
  }
}

function splitMix(state: number): number {
  let z = Math.imul(state ^ state >>> 16, 0x85ebca6b);
  z = Math.imul(z ^ z >>> 13, 0xc2b2ae35);
  return (z ^ z >>> 16) >>> 0;
}

/** A seed that differs from run to run. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
