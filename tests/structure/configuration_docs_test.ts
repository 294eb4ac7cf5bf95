import { assert, assertEquals } from "@std/assert";
import { namedFlags } from "../../src/cli/program.ts";
import { serviceProgram } from "../../src/service/program.ts";
import { textOf } from "./sources.ts";

/** The settings of the interface, each with its comment. */
const SETTINGS = new Map(
  [...textOf("src/engine/task/config.ts").matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??:/g)]
    .map(([, comment, name]) => [name!, comment!.replace(/\s*\*\s*/g, " ")]),
);

/** The rows of the table of settings in docs/configuration.md. */
const ROWS = [
  ...textOf("docs/configuration.md").matchAll(/^\| `([a-z]\w*)` *\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm),
].map((row) => row.slice(1).map((cell) => cell!.trim()));

Deno.test("docs/configuration.md has every setting of StreamsConfig, and no other", () => {
  assert(SETTINGS.size > 25);
  assertEquals(ROWS.map(([name]) => name!), [...SETTINGS.keys()]);
});

Deno.test("docs/configuration.md has the defaults that the settings' comments tell", () => {
  const told = ROWS.flatMap(([name, byDefault]) => {
    const number = /\bDefault ([\d,]*\d)\b/.exec(SETTINGS.get(name!)!)?.[1];
    return number === undefined ? [] : [[name, byDefault, number]];
  });
  assert(told.length > 8);
  for (const [name, byDefault, number] of told) assertEquals(byDefault, number, name);
});

Deno.test("docs/configuration.md has flags that every application of run has", () => {
  const flags = namedFlags(serviceProgram({ applicationId: "any" })).map(({ long }) => `\`${long}\``);
  const named = ROWS.flatMap(([, , flag]) => flag === "" ? [] : [flag!]);
  assertEquals(named.filter((flag) => !flags.includes(flag)), []);
});
