import { assert, assertEquals } from "@std/assert";
import { Random } from "../../../../src/game/random.ts";
import { Fuzzer } from "../../../../scripts/fuzz/engine.ts";
import type { FuzzTarget } from "../../../../scripts/fuzz/target.ts";
import { bytesOf, textOf } from "../../../../scripts/fuzz/support.ts";

class Refusal extends Error {}

/** A target that does this with a text. */
function targetOf(run: (text: string) => void, settings: Partial<FuzzTarget> = {}): FuzzTarget {
  return {
    name: "test",
    seeds: () => [bytesOf("hello world, hello kos")],
    refusals: [Refusal],
    run: (input) => run(textOf(input)),
    ...settings,
  };
}

function fuzzerOf(target: FuzzTarget, seed = 1): Fuzzer {
  return new Fuzzer(target, { random: Random.ofSeed(seed) });
}

async function inputsOf(seed: number): Promise<string[]> {
  const inputs: string[] = [];
  const fuzzer = fuzzerOf(targetOf((text) => void inputs.push(text)), seed);
  await fuzzer.begin();
  await fuzzer.batch(200);
  return inputs;
}

Deno.test("the same seed makes the same inputs, another one others", async () => {
  const inputs = await inputsOf(7);
  assertEquals(inputs.length, 201);
  assertEquals(inputs[0], "hello world, hello kos");
  assert(new Set(inputs).size > 150, `only ${new Set(inputs).size} different inputs`);
  assertEquals(await inputsOf(7), inputs);
  assert((await inputsOf(8)).join() !== inputs.join());
});

Deno.test("an error of the target's own is an answer, any other one a finding, with its input made short", async () => {
  const target = targetOf((text) => {
    if (text.includes("x")) throw new Refusal("has an x");
    if (text.includes("k")) throw new TypeError("k at " + text.indexOf("k"));
  });
  const fuzzer = fuzzerOf(target);
  await fuzzer.try(bytesOf("x"));
  assertEquals(fuzzer.findings, []);
  await fuzzer.try(bytesOf("somewhere a k is"));
  await fuzzer.try(bytesOf("another k"));
  assertEquals(fuzzer.findings.map(({ fault, input }) => [fault, textOf(input!)]), [["error", "k"]]);
  assertEquals(fuzzer.findings[0]!.message, "TypeError: k at 12");
});

Deno.test("what is rejected is told as what is thrown", async () => {
  const reject = async (error: unknown): Promise<void> => {
    await Promise.resolve();
    throw error;
  };
  const fuzzer = fuzzerOf(targetOf(() => {}, {
    run: (input) => reject(input.length > 3 ? new Refusal("long") : undefined),
  }));
  await fuzzer.try(bytesOf("long enough"));
  await fuzzer.try(bytesOf("no"));
  assertEquals(fuzzer.findings.map(({ message }) => message), ["thrown: undefined"]);
});

Deno.test("a target's own changes make half of the inputs", async () => {
  let own = 0;
  const fuzzer = fuzzerOf(targetOf(() => {}, {
    mutate(input) {
      own++;
      return input;
    },
  }));
  await fuzzer.begin();
  await fuzzer.batch(200);
  assert(own > 100 && own < 1_600, `${own} changes of its own`);
});
