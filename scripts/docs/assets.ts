/**
 * The page's files as a module: a program that is compiled, bundled or loaded from a registry has no folder
 * to read them from.
 *
 * @module
 */
import { join } from "@std/path";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** The text of `src/dashboard/assets.ts`, from the files of a folder. */
export async function assetsModule(folder: string): Promise<string> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  const entries = await Promise.all(
    names.sort().map(async (name) => {
      const text = await Deno.readTextFile(join(folder, name));
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
      if (type === undefined) {
        throw new TypeError(`Cannot serve ${name}: received a file that is no ${known()}`);
      }
      return `  ${JSON.stringify(name)}: {\n    type: ${JSON.stringify(type)},\n    text: ${
        literal(text)
      },\n  },\n`;
    }),
  );
  return HEAD + entries.join("") + "};\n";
}

const HEAD = `/**
 * The files of the page, written by \`deno task docs\` from those in the folder client.
 *
 * @module
 */

/** A file as it is served. */
export interface Asset {
  /** Its media type. */
  readonly type: string;
  /** What is in it. */
  readonly text: string;
}

/** The files, by their names. */
export const ASSETS: Readonly<Record<string, Asset>> = {
`;

function known(): string {
  return Object.keys(TYPES).join(", ");
}

/** A line of text for each line of the file, so that a change reads as one. */
function literal(text: string): string {
  return `[\n${text.split("\n").map((line) => `      ${JSON.stringify(line)},\n`).join("")}    ].join("\\n")`;
}
