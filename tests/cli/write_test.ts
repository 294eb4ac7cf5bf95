import { assertEquals, assertThrows } from "@std/assert";
import { writeAll } from "../../src/cli/write.ts";

/** Takes three bytes at a time, and throws these codes before. */
function slow(...codes: string[]): { text: string; writeSync(bytes: Uint8Array): number } {
  return {
    text: "",
    writeSync(bytes) {
      const code = codes.shift();
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      this.text += new TextDecoder().decode(bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  };
}

Deno.test("a text is written whole, also to what takes a part of it", () => {
  const output = slow();
  writeAll(output, "to be or not");
  assertEquals(output.text, "to be or not");
});

Deno.test("a pipe that is full for a while gets the text later", () => {
  const output = slow("EAGAIN", "EAGAIN");
  writeAll(output, "to be");
  assertEquals(output.text, "to be");
});

Deno.test("a reader that is gone gets nothing, and what else fails is thrown", () => {
  writeAll(slow("EPIPE"), "to be");
  assertThrows(() => writeAll(slow("ENOSPC"), "to be"), Error, "ENOSPC");
});
