import { join } from "@std/path";
import { OLDEST_NODE } from "../../scripts/pack/package.ts";
import { cacheDir, fillOnce } from "../../scripts/support/cache.ts";
import { tryRun } from "../../scripts/support/commands.ts";

/** A Node that kos runs on: that of the path, else one of npm's, which is kept in the cache. */
export async function findNode(): Promise<string> {
  const version = (await tryRun("node", ["--version"]))?.text.trim().slice(1) ?? "0.0.0";
  if (version.localeCompare(OLDEST_NODE, "en", { numeric: true }) >= 0) return "node";
  const folder = await fillOnce(join(cacheDir(), "node-22"), (dir) => npm(dir, ["install", "node@22"]));
  return join(folder, "node_modules", "node", "bin", "node");
}

/** Runs npm in a folder. */
export async function npm(folder: string, args: readonly string[]): Promise<void> {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const output = await tryRun("npm", ["--prefix", folder, ...args, ...quiet], 300_000, folder);
  if (output?.success) return;
  throw new Error(`npm ${args[0]} failed: ${output?.text ?? "there is no npm on the path"}`);
}
