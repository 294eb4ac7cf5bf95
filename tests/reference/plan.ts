/**
 * What the topologies of the comparison are described with.
 *
 * @module
 */
import { type Serde, stringSerde } from "../../src/serde/mod.ts";
import { type Topology, Windowed } from "../../src/engine/mod.ts";
import type { CaseProfile } from "./generator.ts";

/** Says that an action of a topology (of a peek or foreach) was called. */
export type SeeAction = (name: string, key: unknown, value: unknown) => void;

/** A topology of the comparison; the Java side has its twin under the same name. */
export interface ReferenceTopology extends CaseProfile {
  /** Builds it. */
  readonly build: (seen: SeeAction) => Topology;
}

/** Topologies by name. */
export type ReferenceTopologies = Readonly<Record<string, ReferenceTopology>>;

/** Keys and values that are text. */
export const text: { readonly key: Serde<string>; readonly value: Serde<string> } = {
  key: stringSerde(),
  value: stringSerde(),
};

/** A key or value of any type as text to read: a windowed key as `key@start/end`. */
export function printed(value: unknown): string {
  if (value instanceof Windowed) return `${printed(value.key)}@${value.startMs}/${value.endMs}`;
  return String(value);
}

// deno-lint-ignore no-explicit-any -- it writes any type
const PRINTED: Serde<any> = {
  encode: (value, into, at) => stringSerde().encode(printed(value), into, at),
  decode(): never {
    throw new Error("Cannot read what was written to be printed");
  },
};

/** Writes keys and values of any types as text. */
// deno-lint-ignore no-explicit-any -- as above
export const printable: { readonly key: Serde<any>; readonly value: Serde<any> } = {
  key: PRINTED,
  value: PRINTED,
};
