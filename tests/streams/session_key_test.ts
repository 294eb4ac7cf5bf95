import { assertEquals, assertThrows } from "@std/assert";
import { KeyError } from "../../src/service/store_routes.ts";
import { parseSessionKey } from "../../src/streams/session_key.ts";

Deno.test("a session's key as a list or as JSON", () => {
  const key = { ts: 1_700_000_000_000, machine: "000042", zone: "EU" } as const;
  assertEquals(parseSessionKey("1700000000000,000042,EU"), key);
  assertEquals(parseSessionKey(JSON.stringify({ ...key, more: 1 })), key);
  for (
    const text of [
      "",
      "1",
      "1,2",
      "x,000042,EU",
      "1,000042,XX",
      "1,,EU",
      "1,000042,EU,more",
      "1.5,000042,EU",
      "{}",
      "{",
      '{"ts":"1","machine":"a","zone":"EU"}',
    ]
  ) {
    assertThrows(() => parseSessionKey(text), KeyError, "Cannot read a session's key", text);
  }
});
