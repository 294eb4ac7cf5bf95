/** Looks for secrets in all that programs leave behind, and counts where it has looked. */
import { assert } from "@std/assert";
import { Buffer } from "node:buffer";

/** Something that was found where it may not be. */
export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly surface: string;
}

/** Shorter pieces are in any text. */
const LEAST = 8;

/** A search for the same secrets on many surfaces. */
export class SecretSearch {
  readonly leaks: Leak[] = [];
  readonly #secrets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By the surface's name: how many texts, and how many bytes, have been searched. */
  readonly #searched = new Map<string, { texts: number; bytes: number }>();

  /** @param secrets By the name of each. */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#secrets = new Map(Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)]));
  }

  /**
   * Searches a text, which has to have `known` in it: else it is not what it is taken for.
   *
   * @param from Where it comes from, for who reads of a leak.
   */
  look(surface: string, from: string, content: string | Uint8Array, known: string | RegExp): void {
    const text = typeof content === "string" ? content : Buffer.from(content).toString("latin1");
    const there = typeof known === "string" ? text.includes(known) : known.test(text);
    assert(there, `${surface} (${from}) has no ${known} in it:\n${text.slice(0, 2_000)}`);
    const sum = this.#searched.get(surface) ?? { texts: 0, bytes: 0 };
    this.#searched.set(surface, { texts: sum.texts + 1, bytes: sum.bytes + text.length });
    this.leaks.push(...this.found(content).map((leak) => ({ ...leak, surface: `${surface} (${from})` })));
  }

  /** What is in a text. */
  found(content: string | Uint8Array): Omit<Leak, "surface">[] {
    const texts = typeof content === "string"
      ? [content]
      : [Buffer.from(content).toString("latin1"), Buffer.from(content).toString("utf8")];
    const joined = [...new Set(texts.flatMap((text) => [text, text.replace(/(\\[rn]|\s|\\$)+/gm, "")]))]
      .map((text) => text.toLowerCase());
    return [...this.#secrets].flatMap(([secret, forms]) =>
      [...forms].filter(([, form]) => joined.some((text) => text.includes(form)))
        .map(([form]) => ({ secret, form }))
    );
  }

  /** What was searched, a line each. */
  table(): string {
    const rows = [...this.#searched].sort().map(([surface, { texts, bytes }]) =>
      `| ${surface} | ${texts} | ${bytes} | ${this.#secrets.size} | ${
        this.leaks.filter((leak) => leak.surface.startsWith(`${surface} (`)).length
      } |`
    );
    return ["| surface | texts | bytes | secrets | found |", "| --- | --- | --- | --- | --- |", ...rows].join(
      "\n",
    );
  }
}

/** The ways in which a secret may be written, in small letters, by the name of each. */
function formsOf(secret: string): Map<string, string> {
  const forms = new Map<string, string>();
  const add = (name: string, form: string): void => {
    const text = form.toLowerCase();
    if (text.length >= LEAST) forms.set(name, text);
  };
  const written: Record<string, string> = {
    "as it is": secret,
    "in a URL": encodeURIComponent(secret),
    "in a form": new URLSearchParams({ "": secret }).toString().slice(1),
    "in JSON": JSON.stringify(secret).slice(1, -1),
    "in JSON of ASCII": JSON.stringify(secret).slice(1, -1).replace(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
    "in HTML": secret.replaceAll("&", "&amp;").replaceAll('"', "&quot;"),
    "in Latin-1": Buffer.from(secret).toString("latin1"),
  };
  for (const [name, text] of Object.entries(written)) {
    add(name, text);
    add(`${name}, without spaces`, text.replace(/\s+/g, ""));
    add(`${name}, hex`, Buffer.from(text).toString("hex"));
    for (const encoding of ["base64", "base64url"] as const) {
      // What stands before it in the same base64 moves it by up to two bytes.
      for (let before = 0; before < 3; before++) {
        const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
        const whole = bytes.subarray(0, bytes.length - bytes.length % 3).toString(encoding);
        add(`${name}, ${encoding} behind ${before}`, whole.slice([0, 2, 3][before]));
      }
    }
  }
  // Cut off, or with one character that was not understood.
  for (const [i, part] of (secret.match(/[A-Za-z0-9]{12,}/g) ?? []).entries()) add(`part ${i}`, part);
  return forms;
}
