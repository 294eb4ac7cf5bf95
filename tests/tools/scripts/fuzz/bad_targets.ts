import type { FuzzTarget } from "../../../../scripts/fuzz/target.ts";
import { bytesOf, textOf } from "../../../../scripts/fuzz/support.ts";
import { steps } from "./src/steps.ts";

function targetOf(name: string, seed: string, run: (text: string) => void): () => Promise<FuzzTarget> {
  return () =>
    Promise.resolve({ name, seeds: () => [bytesOf(seed)], refusals: [], run: (input) => run(textOf(input)) });
}

const kept: Uint8Array[] = [];

/** Targets that do what none must, to see that it is found. */
export const TARGETS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  guided: targetOf("guided", "aaaa", steps),
  endless: targetOf("endless", "zzzz", (text) => {
    while (text.includes("z"));
  }),
  greedy: targetOf("greedy", "aaaa", () => {
    const taken: Uint8Array[] = [];
    // Not more: where nothing ends it, the machine must live on.
    while (taken.length < 2_000) taken.push(new Uint8Array(2 ** 20).fill(1));
  }),
  leaking: targetOf("leaking", "aaaa", () => void kept.push(new Uint8Array(20_000))),
};
