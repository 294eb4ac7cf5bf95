import { assertStringIncludes } from "@std/assert";
import { outOfRange } from "../../../../src/engine/app/topics/out_of_range.ts";

Deno.test("a committed offset beyond the log's end names both offsets and what happened to the topic", () => {
  const line = outOfRange("in-3", 500, 20);
  assertStringIncludes(line, "in-3 on at offset 500: it is beyond the log's end");
  assertStringIncludes(line, "deleted and made again");
  assertStringIncludes(line, "reading on at offset 20");
});

Deno.test("a committed offset before the log's begin says how much was never processed", () => {
  const line = outOfRange("in-3", 20, 500);
  assertStringIncludes(line, "in-3 on at offset 20: the log does not reach back to it");
  assertStringIncludes(line, "reading on at offset 500, 480 later");
});
