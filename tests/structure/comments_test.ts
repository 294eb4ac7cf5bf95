import { assertEquals } from "@std/assert";
import { commentsOf, filesBelow, textOf } from "./sources.ts";

const MODULES = ["mod.ts", ...filesBelow("src/", ".ts")];

/** As long as code may be, by deno.json's `fmt.lineWidth`; the formatter wraps neither comments nor texts. */
const WIDTH = 110;

/** Words by which a comment points at another one, so that it can't be understood alone. */
const POINTERS: readonly RegExp[] = [
  /\bsee the module\b/i,
  /\blikewise\b/i,
  /\bas above\b/i,
  /\bditto\b/i,
  // Where a sentence begins so, what is the same stands in another comment.
  /\bThe same\b/,
  // A sentence that goes on in the next comment.
  /(?:\/\*\*|\/\/) …|… \*\//,
  // Nothing but a reference.
  /\/\*\* See [^.]*\. \*\//,
];

Deno.test("each comment of src can be read alone", () => {
  const found = MODULES.flatMap((file) => {
    // A sentence may go on over the end of a line.
    const prose = commentsOf(file).replace(/\n\s*(?:\*|\/\/) ?(?!\/)/g, " ");
    return POINTERS.flatMap((pointer) => prose.match(pointer)?.[0] ?? []).map((words) => `${file}: ${words}`);
  });
  assertEquals(found, [], "say what is meant");
});

Deno.test(`lines of src that are written by hand have at most ${WIDTH} columns`, () => {
  const long = MODULES.filter((file) => file !== "src/dashboard/assets.ts").flatMap((file) =>
    textOf(file).split("\n").flatMap((line, i) =>
      line.length > WIDTH ? `${file}:${i + 1}: ${line.trim()}` : []
    )
  );
  assertEquals(long, []);
});
