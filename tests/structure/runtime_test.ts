import { assertEquals } from "@std/assert";
import { filesBelow, textOf, withoutComments } from "./sources.ts";

/** What only one of the runtimes has, and what stands for it in both. */
const FOREIGN: readonly (readonly [what: RegExp, instead: string])[] = [
  [/\bDeno(?:\?\.|[.[])/, "a node: module"],
  [/(?<![.\w])addEventListener\(/, "process.on"],
  [/\bimport\.meta\.(?:dirname|filename)\b/, "new URL(…, import.meta.url)"],
  // Newer than Node 22.
  [
    /\bPromise\.try\b|\bRegExp\.escape\b|\bError\.isError\b|\bFloat16Array\b|\bTemporal\./,
    "what Node 22 has",
  ],
  [/\.(?:toBase64|fromBase64|toHex|fromHex)\(/, "node:buffer"],
  [/^\s*(?:await )?using \w+ =/m, "try and finally"],
];

/** The programs of the repository, which are no part of the package. */
const PROGRAMS = new Set(["src/datagen/main.ts", "src/streams/main.ts"]);

Deno.test("src runs on Deno and on Node 22: it takes nothing that only one of them has", () => {
  const found = filesBelow("src/", ".ts").flatMap((file) => {
    const code = withoutComments(textOf(file));
    return FOREIGN.flatMap(([what, instead]) => {
      const match = what.exec(code)?.[0];
      return match === undefined ? [] : `${file}: ${match.trim()}; take ${instead}`;
    });
  });
  assertEquals(found, []);
});

Deno.test("nothing of the package depends on import.meta.main, which Node 22 lacks", () => {
  const found = filesBelow("src/", ".ts").filter((file) =>
    !PROGRAMS.has(file) && withoutComments(textOf(file)).includes("import.meta.main")
  );
  assertEquals(found, []);
});
