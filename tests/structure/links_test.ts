import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { filesBelow, textOf } from "./sources.ts";

const FILES = filesBelow("");
const DOCUMENTS = FILES.filter((file) => file.endsWith(".md"));

/** A document without what stands in blocks of code. */
function proseOf(file: string): string {
  return textOf(file).replace(/^ *```[^]*?^ *```/gm, "");
}

/** What the headings of a document are linked by, as GitHub makes it of them. */
function anchorsOf(file: string): Set<string> {
  return new Set(
    [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("links of documents lead to files that are there, and to headings that these have", () => {
  const lost: string[] = [];
  let checked = 0;
  for (const file of DOCUMENTS) {
    for (const [, target] of proseOf(file).matchAll(/\]\((?!\w+:)([^)\s]*)\)/g)) {
      checked++;
      const [path, anchor] = target!.split("#") as [string, string | undefined];
      const linked = path === "" ? file : join(dirname(file), path).replaceAll("\\", "/").replace(/\/$/, "");
      const there = FILES.some((each) => each === linked || each.startsWith(`${linked}/`));
      if (!there || (anchor !== undefined && !anchorsOf(linked).has(anchor))) lost.push(`${file}: ${target}`);
    }
  }
  assertEquals(lost, []);
  assert(checked > 100, `only ${checked} links were found`);
});
