import { assertEquals } from "@std/assert";
import { shorten, terminalWidth, unicodeWidth, wrap } from "../../src/cli/terminal.ts";

Deno.test("the width of a text is that of its columns, not of its code units", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["plain", 5],
    ["× … ▏█ ─ Ä", 10],
    ["A\u0308", 1],
    ["日本", 4],
    ["ｆｕｌｌ", 8],
    ["🥋", 2],
    ["\u200b", 0],
  ];
  for (const [text, width] of cases) assertEquals(unicodeWidth(text), width, JSON.stringify(text));
});

Deno.test("a text is broken at spaces, and a word that is too long within itself", () => {
  assertEquals(wrap("one  two\nthree", 80), ["one two three"]);
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("a abcdefgh b", 4), ["a", "abcd", "efgh", "b"]);
  assertEquals(wrap("日本日本 x", 5), ["日本", "日本", "x"]);
  assertEquals(wrap("", 10), []);
});

Deno.test("a text that is too long is shortened to the columns that there are", () => {
  assertEquals(["abc", "abcd", "日本"].map((text) => shorten(text, 3)), ["abc", "ab…", "日…"]);
  assertEquals(shorten("abc", 0), "");
});

Deno.test("where nobody says how wide it is, a line has 80 columns", () => {
  if (!Deno.stdout.isTerminal()) assertEquals(terminalWidth(), 80);
});
