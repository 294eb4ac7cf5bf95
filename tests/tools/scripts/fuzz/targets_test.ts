import { assertEquals } from "@std/assert";
import { Random } from "../../../../src/game/random.ts";
import { Fuzzer } from "../../../../scripts/fuzz/engine.ts";
import { TARGETS } from "../../../../scripts/fuzz/targets/mod.ts";

/** Inputs of each target that are made here; `deno task fuzz` makes more. */
const INPUTS = 400;

for (const [name, load] of Object.entries(TARGETS)) {
  Deno.test({
    name: `${name} answers ${INPUTS} inputs made by chance, and what was found before, by errors of its own`,
    // What a target opens for its inputs stays open until it is closed.
    sanitizeOps: false,
    async fn() {
      const target = await load();
      assertEquals(target.name, name);
      const fuzzer = new Fuzzer(target, { random: Random.ofSeed(1) });
      try {
        await fuzzer.begin();
        while (fuzzer.tried < INPUTS) await fuzzer.batch(Math.min(64, INPUTS - fuzzer.tried));
        for (const input of await findings(name)) await fuzzer.try(input);
      } finally {
        await target.close?.();
      }
      const told = fuzzer.findings.map(({ message, stack, input }) =>
        `${message}\n${stack}\ninput: ${input?.toHex()}`
      );
      assertEquals(told, []);
    },
  });
}

/** The inputs of `findings/<target>`: each one was answered wrongly once. */
async function findings(name: string): Promise<Uint8Array[]> {
  const folder = new URL(`./findings/${name}/`, import.meta.url);
  const inputs: Uint8Array[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      inputs.push(await Deno.readFile(new URL(name, folder)));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return inputs;
}
