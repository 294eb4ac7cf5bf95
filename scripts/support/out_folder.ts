import { join } from "@std/path";
import { UsageError } from "../../src/cli/arguments.ts";
import { messageOf } from "./errors.ts";

/**
 * Creates the folder that `--out` names where it is missing, and sees that it can be written to: asked for
 * before minutes of work, so that their results are not lost.
 *
 * @throws {UsageError} When nothing can be written there.
 */
export async function makeOutFolder(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
  } catch (error) {
    throw new UsageError(
      `Cannot write into the folder of --out: received "${messageOf(error)}"; ` +
        "name one that can be created or written to",
      { cause: error },
    );
  }
}
