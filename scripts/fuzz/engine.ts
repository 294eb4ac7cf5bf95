import type { Random } from "../../src/game/random.ts";
import type { Coverage } from "./coverage.ts";
import { answerOf, type Finding, Thrown } from "./finding.ts";
import { mutateBytes } from "./mutations.ts";
import { shortened } from "./shorten.ts";
import { type FuzzTarget, MAX_INPUT_BYTES } from "./target.ts";

/** Inputs between two looks at the coverage, which costs as much as some hundred of them. */
export const BATCH = 128;
/** So many inputs are kept, at most, to make others of. */
const MOST_KEPT = 4_096;
/** Different errors of one target that are told; the others would be more of the same. */
const MOST_FINDINGS = 20;

/** Settings of a {@linkcode Fuzzer}. */
export interface FuzzerOptions {
  readonly random: Random;
  /** Says which inputs reach new code; without it only seeds are changed. */
  readonly coverage?: Coverage;
  /** Gets each input before the target does, so that one that never ends is known. */
  readonly before?: (input: Uint8Array) => void;
}

/** Makes inputs of one target out of those that reached new code. The same random numbers give the same inputs. */
export class Fuzzer {
  readonly findings: Finding[] = [];
  readonly #target: FuzzTarget;
  readonly #options: FuzzerOptions;
  readonly #random: Random;
  readonly #kept: Uint8Array[] = [];
  readonly #signatures = new Set<string>();
  #tried = 0;

  constructor(target: FuzzTarget, options: FuzzerOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = options.random;
  }

  /** How many inputs have been tried. */
  get tried(): number {
    return this.#tried;
  }

  /** How many inputs are kept to make others of. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Tries the valid inputs. */
  async begin(): Promise<void> {
    this.#kept.push(...await this.#target.seeds());
    for (const input of this.#kept) await this.try(input);
    await this.#options.coverage?.look();
  }

  /**
   * Tries some inputs, and keeps those that reach new code.
   *
   * @param goesOn Whether there is time for one more input.
   */
  async batch(size: number = BATCH, goesOn: () => boolean = () => true): Promise<void> {
    const inputs: Uint8Array[] = [];
    while (inputs.length === 0 || (inputs.length < size && goesOn())) {
      const input = this.#make();
      inputs.push(input);
      // Most targets answer at once: awaiting that would cost more than they do.
      const answer = this.try(input);
      if (answer !== undefined) await answer;
    }
    const { coverage } = this.#options;
    if (coverage !== undefined && goesOn() && await coverage.look() > 0) {
      await this.#keepGood(inputs, coverage);
    }
  }

  /** Tries one input. */
  try(input: Uint8Array): void | Promise<void> {
    this.#tried++;
    this.#options.before?.(input);
    const answer = answerOf(this.#target, input);
    if (answer === undefined) return;
    return this.#note(input, answer);
  }

  async #note(input: Uint8Array, answer: unknown): Promise<void> {
    const thrown = await answer;
    if (!(thrown instanceof Thrown)) return;
    if (this.findings.length >= MOST_FINDINGS || this.#signatures.has(thrown.signature)) return;
    this.#signatures.add(thrown.signature);
    const { before } = this.#options;
    const short = await shortened(input, async (shorter) => {
      before?.(shorter);
      const again = await answerOf(this.#target, shorter);
      return again instanceof Thrown && again.signature === thrown.signature;
    });
    this.findings.push({ fault: "error", message: thrown.message, stack: thrown.stack, input: short });
  }

  #make(): Uint8Array {
    const random = this.#random;
    const input = this.#choose();
    if (this.#target.mutate === undefined || random.below(2) === 0) {
      return mutateBytes(input, random, this.#choose());
    }
    let changed = input;
    for (let left = 1 << random.below(3); left > 0; left--) changed = this.#target.mutate(changed, random);
    return changed.length > MAX_INPUT_BYTES ? changed.subarray(0, MAX_INPUT_BYTES) : changed;
  }

  /** Half of the time one of the last ones: what is new to the code is nearest to what else may be. */
  #choose(): Uint8Array {
    const kept = this.#kept;
    if (kept.length === 0) return new Uint8Array(0);
    const from = this.#random.below(2) === 0 ? Math.max(0, kept.length - 16) : 0;
    return kept[from + this.#random.below(kept.length - from)]!;
  }

  /**
   * Some of these inputs reached new code. Which ones is seen by running their halves again, and so on; what
   * the first half reaches is not new any more in the second.
   */
  async #keepGood(inputs: readonly Uint8Array[], coverage: Coverage): Promise<void> {
    if (inputs.length === 1) {
      if (this.#kept.length < MOST_KEPT) this.#kept.push(inputs[0]!);
      return;
    }
    coverage.forget();
    const half = inputs.length >> 1;
    for (const part of [inputs.slice(0, half), inputs.slice(half)]) {
      for (const input of part) {
        this.#options.before?.(input);
        const answer = answerOf(this.#target, input);
        if (answer !== undefined) await answer;
      }
      if (await coverage.look() > 0) await this.#keepGood(part, coverage);
    }
  }
}
