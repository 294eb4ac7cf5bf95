/**
 * Takes secrets out of what somebody else has said, such as a broker, a registry or a token endpoint, before
 * it is shown: they may repeat what they were sent, as it was sent or in another form.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** So many characters in a row that are a secret's are taken for a part of it. */
const PART = 8;

/**
 * A text with `…` in the place of each secret and of its parts, as they are, or in base64, hex, JSON, HTML,
 * or a URL. Line ends and characters that are not ASCII may be in between: whoever repeats a text may wrap
 * it, or not know its encoding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { conceal } from "./conceal.ts";
 *
 * assertEquals(conceal("no user kos:hunter2=hunter2", ["hunter2=hunter2"]), "no user kos:…");
 * ```
 */
export function conceal(text: string, secrets: readonly string[]): string {
  const { letters, places } = lettersOf(text);
  const covered = new Uint8Array(text.length);
  for (const secret of secrets) {
    for (const form of formsOf(secret)) cover(letters, lettersOf(form).letters, places, covered);
  }
  return withoutCovered(text, covered);
}

/** What is compared: no spaces, nothing but ASCII, and all in small letters; with where each stood. */
function lettersOf(text: string): { readonly letters: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let letters = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) continue;
    letters += text[i]!.toLowerCase();
    places.push(i);
  }
  return { letters, places };
}

/** Marks what is a part of a form, with what stands between its letters. */
function cover(letters: string, form: string, places: readonly number[], covered: Uint8Array): void {
  const size = Math.min(PART, form.length);
  if (size === 0) return;
  for (let i = 0; i + size <= letters.length; i++) {
    if (form.includes(letters.slice(i, i + size))) covered.fill(1, places[i]!, places[i + size - 1]! + 1);
  }
}

function withoutCovered(text: string, covered: Uint8Array): string {
  let shown = "";
  for (let i = 0; i < text.length; i++) {
    if (covered[i] === 0) shown += text[i];
    else if (i === 0 || covered[i - 1] === 0) shown += "…";
  }
  return shown;
}

/** How a secret may be written. */
function formsOf(secret: string): string[] {
  const texts = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ "": secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    inHtml(secret),
  ];
  return [...new Set(texts)].flatMap((text) => [
    text,
    Buffer.from(text).toString("hex"),
    // Shorter ones are in any text.
    ...base64Of(text).filter(({ length }) => length >= PART),
  ]);
}

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML[character]!);
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Behind no, one and two bytes of another text, with the letters left out that are that one's too. */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    const whole = all.length - all.length % 3;
    const own = [0, 2, 3][before]!;
    return (["base64", "base64url"] as const).map((way) => all.subarray(0, whole).toString(way).slice(own));
  });
}
