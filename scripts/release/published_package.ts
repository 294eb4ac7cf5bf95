/**
 * The package as npm gets it.
 *
 * @module
 */
import type { Place } from "./published_chart.ts";

/** package.json with its repository: npm takes a statement of where a package was built only for the one it names. */
export function publishedPackage(text: string, { owner, name }: Place): string {
  const url = `git+https://github.com/${owner}/${name}.git`;
  const manifest = { ...JSON.parse(text), repository: { type: "git", url } };
  return JSON.stringify(manifest, undefined, 2) + "\n";
}
