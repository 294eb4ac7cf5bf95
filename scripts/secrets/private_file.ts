import { basename, dirname, join } from "@std/path";
import { messageOf, ScriptError } from "../support/errors.ts";

/**
 * Writes a file that only its owner may read and write (mode 0600), whatever it was before, and creates the folders it is
 * in (0700). It is written beside its place and renamed, so that nobody sees half of it or reads it with wider rights.
 *
 * @throws {ScriptError} When that can't be done, naming the path and the remedy.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const dir = dirname(path);
  const beside = join(dir, `.${basename(path)}.${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    try {
      await Deno.writeTextFile(beside, text, { createNew: true, mode: 0o600 });
      await Deno.rename(beside, path);
    } catch (error) {
      await removeIfThere(beside);
      throw error;
    }
  } catch (error) {
    const denied = error instanceof Deno.errors.NotCapable;
    const remedy = denied
      ? `the task may write below kubernetes/ only: leave --out out, or run \`deno run -P=secrets --allow-read="${dir}" --allow-write="${dir}" scripts/secrets.ts\``
      : "give another path by --out, or make room there";
    throw new ScriptError(
      `Cannot write ${path}: received ${
        denied ? "no permission from Deno" : `"${messageOf(error)}"`
      }; ${remedy}`,
      denied ? {} : { cause: error },
    );
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
  }
}
