/**
 * The project's files as the structure tests read them.
 *
 * @module
 */

/** The repository's folder. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Folders that are not the project's, wherever they stand: what tools and users leave there. */
const FOREIGN = new Set([".git", ".kos", ".terraform", "dist", "kubernetes", "node_modules", "target"]);

/** The paths of all files below a folder of the repository, such as `src/`, sorted; all of them for "". */
export function filesBelow(folder: string, ending = ""): string[] {
  const paths: string[] = [];
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) {
      if (!FOREIGN.has(entry.name)) paths.push(...filesBelow(`${path}/`, ending));
    } else if (path.endsWith(ending)) paths.push(path);
  }
  return paths.sort();
}

/** A file's text. */
export function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The text without its comments, for whom only code counts; lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/^\s*\/\/.*$/gm, "");
}

/** The comments of a module, or the lines after a # of another file. */
export function commentsOf(path: string): string {
  const comments = path.endsWith(".ts")
    ? /\/\*[\s\S]*?\*\/|(?<![:"'`\\])\/\/.*$/gm
    : /#.*$|\{\{-?\s*\/\*[\s\S]*?\*\//gm;
  return [...textOf(path).matchAll(comments)].map(([comment]) => comment).join("\n");
}

/** What a module imports and exports again: relative specifiers as paths in the repository, packages by name. */
export function importsOf(path: string): { readonly files: string[]; readonly packages: string[] } {
  const code = withoutComments(textOf(path));
  const files: string[] = [];
  const packages: string[] = [];
  for (const [, specifier] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)) {
    if (specifier!.startsWith(".")) {
      files.push(new URL(specifier!, new URL(path, ROOT)).href.slice(ROOT.href.length));
    } else packages.push(specifier!.replace(/^npm:\/?/, "").replace(/^([^@/]+)[@/].*/, "$1"));
  }
  return { files, packages };
}
