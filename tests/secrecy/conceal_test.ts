import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { conceal } from "../../src/secrecy/conceal.ts";

const SECRET = 'abcdef12+/="&%é34uvwxyz';

/** A part of it by which it would be found. */
const PARTS = /abcdef12|34uvwxyz/i;

Deno.test("a secret is taken out however it is written", () => {
  const hex = Buffer.from(SECRET).toString("hex");
  for (
    const written of [
      SECRET,
      encodeURIComponent(SECRET),
      new URLSearchParams({ "": SECRET }).toString().slice(1),
      JSON.stringify(SECRET),
      SECRET.replaceAll("&", "&amp;").replaceAll('"', "&quot;"),
      SECRET.replace("é", "\ufffd"),
      SECRET.replace("é", "Ã©"),
      SECRET.replace("é", "?"),
      `${SECRET.slice(0, 10)}\n ${SECRET.slice(10)}`,
      SECRET.slice(0, 12),
      SECRET.toUpperCase(),
    ]
  ) {
    const shown = conceal(`said "${written}", and no more`, [SECRET]);
    assert(!PARTS.test(shown), shown);
    assert(/^said "{1,2}…/.test(shown) && shown.endsWith(", and no more"), shown);
  }
  assertEquals(conceal(`0x${hex} or ${hex.toUpperCase()}`, [SECRET]), "0x… or …");
});

Deno.test("a secret is taken out of base64, whatever stands before it", () => {
  for (const before of ["", "k:", "kos:", "user:"]) {
    for (const text of [SECRET, encodeURIComponent(SECRET)]) {
      const encoded = Buffer.from(before + text).toString("base64");
      const shown = conceal(`Basic ${encoded}!`, [SECRET]);
      const left = Buffer.from(shown.slice("Basic ".length).split("…")[0]!, "base64").toString();
      assert(before.startsWith(left.slice(0, before.length)) && left.length <= before.length + 1, shown);
      assert(shown.length < "Basic ".length + 16, shown);
    }
  }
});

Deno.test("short secrets are taken out whole, and no text without one changes", () => {
  assertEquals(conceal("user a with pw1", ["pw1"]), "user a with …");
  assertEquals(conceal("user a", []), "user a");
  assertEquals(
    conceal("Authentication failed: Invalid username or password", [SECRET, ""]),
    "Authentication failed: Invalid username or password",
  );
});

Deno.test("secrets that have no letters of ASCII, or half a character, are no trouble", () => {
  assertEquals(conceal("é", ["é"]), "é");
  assertEquals(conceal("x", ["\ud800"]), "x");
});
