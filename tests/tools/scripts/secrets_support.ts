import { parse } from "@std/yaml";
import { secrets, type World } from "../../../scripts/secrets.ts";

/** What a run of the command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly written: ReadonlyMap<string, string>;
  readonly asked: readonly string[];
}

/** Runs the command in a world of its own. */
export async function run(args: readonly string[], world: {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** What is typed, in turn; left out, nobody is there. */
  readonly typed?: readonly string[];
} = {}): Promise<Ran> {
  const written = new Map<string, string>();
  const asked: string[] = [];
  let stdout = "";
  let stderr = "";
  const fake: World = {
    env: (name) => world.env?.[name],
    interactive: world.typed !== undefined,
    ask(question, hidden) {
      asked.push(`${hidden ? "hidden" : "shown"} ${question}`);
      return world.typed?.[asked.length - 1] ?? null;
    },
    read: (path) => Promise.resolve(world.files?.[path] ?? ""),
    write: (path, text) => Promise.resolve(void written.set(path, text)),
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
  };
  const code = await secrets(args, fake);
  return { code, stdout, stderr, written, asked };
}

/** A Secret's manifest, read back. */
export interface Secret {
  readonly apiVersion: string;
  readonly kind: string;
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** Parses a manifest and decodes its data. */
export function readSecret(yaml: string): Secret {
  const secret = parse(yaml) as Secret;
  const decode = (base64: string) =>
    new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
  return {
    ...secret,
    data: Object.fromEntries(Object.entries(secret.data).map(([key, value]) => [key, decode(value)])),
  };
}

/** Keys with everything in them that means something to YAML, JAAS, shells or Base64. */
export const HARD_KEYS: readonly string[] = [
  "plain",
  "it's",
  `say "x"`,
  String.raw`back\slash`,
  String.raw`ends with \ `,
  String.raw`\'`,
  String.raw`\\''\n\t\101`,
  "$HOME ${env:X} $(id) $$",
  " spaces around ",
  "äöü ß é",
  "日本語 🥋",
  "a;b='c' // not /* a comment */ # nor this",
  "- [yaml]: {x: !!y &z *z} | > %",
  "=+/==",
];
