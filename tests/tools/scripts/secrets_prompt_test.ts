import { assertEquals, assertThrows } from "@std/assert";
import { Cancelled, Prompter } from "../../../scripts/secrets/prompt.ts";

/** A terminal at which these pieces are typed in turn. */
function terminal(
  ...typed: (string | Uint8Array)[]
): { prompter: Prompter; shown: () => string; raw: () => boolean[] } {
  const pieces = typed.map((piece) => typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  const modes: boolean[] = [];
  let shown = "";
  const prompter = new Prompter({
    setRaw: (raw) => void modes.push(raw),
    readSync(into) {
      const piece = pieces.shift();
      if (piece === undefined) return null;
      into.set(piece);
      return piece.length;
    },
    write: (text) => void (shown += text),
  });
  return { prompter, shown: () => shown, raw: () => modes };
}

Deno.test("a hidden answer is not shown, not even its length", () => {
  const { prompter, shown, raw } = terminal("hush", "-hush\r");
  assertEquals(prompter.ask("Key:", true), "hush-hush");
  assertEquals(shown(), "Key: \n");
  assertEquals(raw(), [true, false]);
});

Deno.test("another answer is shown as it is typed", () => {
  const { prompter, shown } = terminal("a:1x", "\x7f2\n");
  assertEquals(prompter.ask("Servers:", false), "a:12");
  assertEquals(shown(), "Servers: a:1x\b \b2\n");
});

Deno.test("erasing removes a character, not a byte of it, and nothing before the first", () => {
  const { prompter } = terminal("\x7fé🥋\x7f\b\x7fok\r");
  assertEquals(prompter.ask("Key:", true), "ok");
});

Deno.test("a character may come in pieces, and lines typed ahead answer the next questions", () => {
  const bytes = new TextEncoder().encode("k🥋\rnext\r");
  const { prompter } = terminal(bytes.subarray(0, 3), bytes.subarray(3));
  assertEquals([prompter.ask("1:", true), prompter.ask("2:", true), prompter.ask("3:", true)], [
    "k🥋",
    "next",
    null,
  ]);
});

Deno.test("Ctrl-C cancels and Ctrl-D ends, and the terminal is as before", () => {
  const cancelled = terminal("hu\x03");
  assertThrows(() => cancelled.prompter.ask("Key:", true), Cancelled);
  assertEquals(cancelled.raw(), [true, false]);
  const ended = terminal("\x04");
  assertEquals(ended.prompter.ask("Key:", true), null);
  assertEquals(ended.raw(), [true, false]);
});

Deno.test("the bytes of an arrow key stay in the answer, where they are refused", () => {
  assertEquals(terminal("a\x1b[Ab\r").prompter.ask("Key:", true), "a\x1b[Ab");
});
