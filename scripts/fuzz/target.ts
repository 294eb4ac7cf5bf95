import type { Random } from "../../src/game/random.ts";

/**
 * Code that takes bytes of others, and what it may answer them.
 *
 * @example
 * ```ts
 * import type { FuzzTarget } from "./target.ts";
 *
 * const TARGET: FuzzTarget = {
 *   name: "percent",
 *   seeds: () => [new TextEncoder().encode("a%20b")],
 *   refusals: [URIError],
 *   run: (input) => void decodeURIComponent(new TextDecoder().decode(input)),
 * };
 * ```
 */
export interface FuzzTarget {
  /** How `--target` calls it. */
  readonly name: string;
  /** Valid inputs to begin with. */
  seeds(): Uint8Array[] | Promise<Uint8Array[]>;
  /**
   * A change that keeps the input's structure, so that it comes further than one of any bytes. Half of the
   * inputs are made by it, the others by changes of the bytes.
   */
  mutate?(input: Uint8Array, random: Random): Uint8Array;
  /** The typed errors that may answer an input; any other error is a finding. */
  readonly refusals: readonly (new (...args: never[]) => Error)[];
  /**
   * Takes the input as the product does, and throws where what comes out contradicts itself (what was read
   * and written again differs).
   */
  run(input: Uint8Array): void | Promise<void>;
  /** Frees what the target has opened, such as a server. */
  close?(): void | Promise<void>;
}

/** The longest input that is made, in bytes. */
export const MAX_INPUT_BYTES = 65_536;
