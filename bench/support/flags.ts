/**
 * Flags that several benchmarks have.
 *
 * @module
 */
import { integer, text } from "../../src/cli/parsers.ts";
import type { Flag, FlagWithDefault } from "../../src/cli/program.ts";

/** `--partitions`. */
export const PARTITIONS: FlagWithDefault<number> = {
  value: "<count>",
  text: "of each topic",
  parse: integer({ min: 1, max: 1_000 }),
  default: 4,
};

/** `--seed` of the frames. */
export const SEED: FlagWithDefault<number> = {
  value: "<number>",
  text: "the same seed gives the same frames",
  parse: integer(),
  default: 1,
};

/** `--json`. */
export const JSON_FILE: Flag<string> = {
  value: "<file>",
  text: "where to write all results",
  parse: text("a file's name"),
};

/** `--plot`. */
export const PLOT_FILE: Flag<string> = {
  value: "<file>",
  text: "where to write a plot, in SVG",
  parse: text("a file's name"),
};
