import { dirname, join } from "@std/path";
import { messageOf, ScriptError } from "./errors.ts";

/** Reads an environment variable; `undefined` where it is not set. */
export type Env = (name: string) => string | undefined;

/**
 * The folder for what scripts download and for the data of local servers, outside the repository: `KOS_CACHE`, else
 * `XDG_CACHE_HOME/kos`, else `~/.cache/kos`. Not created here.
 *
 * @throws {ScriptError} When none of the variables says where.
 */
export function cacheDir(env: Env = (name) => Deno.env.get(name)): string {
  const own = env("KOS_CACHE");
  if (own) return own;
  const xdg = env("XDG_CACHE_HOME");
  if (xdg) return join(xdg, "kos");
  const home = env("HOME") || env("USERPROFILE");
  if (home) return join(home, ".cache", "kos");
  throw new ScriptError(
    "Cannot tell where to cache downloads: received none of KOS_CACHE, XDG_CACHE_HOME, HOME; set KOS_CACHE to a folder",
  );
}

/** Whether the path exists, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes a file or a folder with all in it; what is not there is no error. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Makes a folder exactly once: when `target` is not there yet, `fill` gets an empty folder beside it, which becomes
 * `target` by a rename when `fill` resolves, and is removed when it rejects. A lock holds other processes back meanwhile
 * (the system releases it when its holder dies), so starts at the same time download once and nobody sees half a folder.
 *
 * @returns `target`.
 */
export async function fillOnce(target: string, fill: (dir: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  const parent = dirname(target);
  return await withLock(`${target}.lock`, async () => {
    if (await exists(target)) return target;
    const dir = await Deno.makeTempDir({ dir: parent, prefix: ".filling-" });
    try {
      await fill(dir);
      await Deno.rename(dir, target);
    } finally {
      await remove(dir); // nothing is left of it after the rename
    }
    return target;
  });
}

/** Runs `body` while no other process or call holds the lock of that file, which is created where it is missing and stays. */
export async function withLock<T>(lockFile: string, body: () => Promise<T>): Promise<T> {
  await makeDir(dirname(lockFile));
  const lock = await Deno.open(lockFile, { create: true, write: true });
  try {
    await lock.lock(true);
    return await body();
  } finally {
    lock.close(); // which unlocks
  }
}

/** Creates the folder and its parents where they are missing. @throws {ScriptError} When that can't be done, naming `KOS_CACHE`. */
export async function makeDir(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new ScriptError(
      `Cannot create the folder ${path}: received "${
        messageOf(error)
      }"; set KOS_CACHE to a folder that can be written to`,
      { cause: error },
    );
  }
}
