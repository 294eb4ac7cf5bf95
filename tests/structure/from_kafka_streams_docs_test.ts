import { assert, assertEquals } from "@std/assert";
import * as kos from "../../mod.ts";
import { namedFlags } from "../../src/cli/program.ts";
import { serviceProgram } from "../../src/service/program.ts";
import { filesBelow, textOf, withoutComments } from "./sources.ts";

const [NAMES, MISSING] = textOf("docs/from_kafka_streams.md").split("## What is missing") as [string, string];

/** All words of the code. */
const WORDS = new Set(
  filesBelow("src/", ".ts").flatMap((file) => withoutComments(textOf(file)).match(/[A-Za-z_$][\w$]*/g) ?? []),
);

/** The code in one column of the tables, counted from 0. */
function codeIn(text: string, column: number): string[] {
  return [...text.matchAll(/^\|(.*)\|$/gm)].flatMap(([, row]) =>
    [...(row!.split(" | ")[column] ?? "").matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
  );
}

Deno.test("docs/from_kafka_streams.md names what there is on the side of kos", () => {
  const codes = [...codeIn(NAMES, 1), ...codeIn(NAMES, 2)];
  const words = codes.filter((code) => !/^(?:--|[./<]|GET |deno task |[A-Z_]+$|kos_)/.test(code))
    .flatMap((code) => code.replace(/"[^"]*"/g, "").match(/[A-Za-z][\w]+/g) ?? []);
  assert(words.length > 100, `only ${words.length} names were found`);
  const known = (word: string): boolean => WORDS.has(word) || ["driver", "ms", "processor"].includes(word);
  assertEquals([...new Set(words)].filter((word) => !known(word)), []);
});

Deno.test("docs/from_kafka_streams.md names flags that every application has", () => {
  const flags = new Set(namedFlags(serviceProgram({ applicationId: "any" })).map(({ long }) => long));
  const named = [...codeIn(NAMES, 1), ...codeIn(NAMES, 2)].flatMap((code) =>
    /^--[a-z-]+/.exec(code)?.[0] ?? []
  );
  assert(named.length > 15);
  assertEquals(named.filter((flag) => !flags.has(flag)), []);
});

Deno.test("docs/from_kafka_streams.md says of nothing that there is that it is missing", () => {
  const there = new Set(
    Object.values(kos).flatMap((each) =>
      typeof each === "function" && each.prototype ? Object.getOwnPropertyNames(each.prototype) : []
    ),
  );
  const missing = codeIn(MISSING, 0).flatMap((code) => /^(?:\w+\.)?(\w+)(?:\(.*\))?$/.exec(code)?.[1] ?? []);
  assert(missing.length > 15);
  // There, but not so: of a pattern, with a mapper, by a foreign key, to one child, of the driver.
  const others = ["stream", "toStream", "join", "forward", "commit"];
  assertEquals(missing.filter((name) => (there.has(name) || name in kos) && !others.includes(name)), []);
});
