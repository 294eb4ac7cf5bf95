import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { filesBelow, importsOf } from "./sources.ts";

/** The modules that other programs import. */
const ENTRIES: readonly string[] = Object.values(config.exports).map((path) => path.slice("./".length));

/** What is published, and what of it is not: modules that only the project's own programs and tools need. */
const INCLUDED: readonly string[] = config.publish.include;
const EXCLUDED: readonly string[] = config.publish.exclude;

/** All modules that the exports need. */
function reached(): Set<string> {
  const seen = new Set<string>();
  const open = [...ENTRIES];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.endsWith(".ts")) open.push(...importsOf(next).files);
  }
  return seen;
}

Deno.test("the documentation of every export is checked", () => {
  const checked = config.tasks["check:exports"].command.match(/\S+\.ts\b/g);
  assertEquals(checked, ENTRIES);
});

Deno.test("what exports reach is published, and of src nothing else", () => {
  const modules = reached();
  const missing = [...modules].filter((file) =>
    EXCLUDED.includes(file) || !INCLUDED.some((path) => file === path || file.startsWith(`${path}/`))
  );
  assertEquals(missing, [], "see deno.json's publish.include and exclude");
  const published = INCLUDED.filter((path) => path.startsWith("src/")).flatMap((path) =>
    path.endsWith(".ts") ? [path] : filesBelow(`${path}/`, ".ts")
  );
  assert(published.length > 200, `only ${published.length} modules are published`);
  assertEquals(published.filter((file) => !modules.has(file)).sort(), [...EXCLUDED].sort());
});
