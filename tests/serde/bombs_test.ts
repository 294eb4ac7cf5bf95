import { assert, assertMatch } from "@std/assert";
import { answerOf, BOMBS } from "../../bench/support/bombs.ts";

/** What may come of bytes, and of a registry. */
const TYPED = new Set(["DeserializationError", "UnusableSchema", "RegistryError"]);

for (const { name, prepare, answer } of BOMBS) {
  Deno.test(`${name}: answered by its value, or by a limit`, async () => {
    const { text, error } = await answerOf(prepare());
    assertMatch(text, answer);
    assert(error === undefined || TYPED.has(error.name), error?.stack);
    assert(!text.includes("call stack"), text);
  });
}
