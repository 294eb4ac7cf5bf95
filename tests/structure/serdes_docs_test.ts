import { assert, assertEquals } from "@std/assert";
import * as kos from "../../mod.ts";
import { textOf } from "./sources.ts";

Deno.test("docs/serdes.md has a row for every serde, and no other", () => {
  const serdes = Object.keys(kos).filter((name) => /^[a-z]\w*Serde$/.test(name) && name !== "bindSerde");
  assert(serdes.length > 12);
  const rows = [...textOf("docs/serdes.md").matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name!);
  assertEquals([...new Set(rows)].sort(), serdes.sort());
});
