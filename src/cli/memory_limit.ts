/**
 * How much memory a container lets its process have.
 *
 * @module
 */
import process from "node:process";

/** More than any machine has: what stands for no limit where cgroups tell of none. */
const NO_LIMIT = 2 ** 50;

/**
 * The limit of the control group that this process is in, in bytes; `undefined` without one, or when it may
 * not be asked for (Deno's `--allow-sys=systemMemoryInfo`).
 *
 * @param read What the system tells: 0 or a huge number without a limit.
 */
export function memoryLimit(read: () => number = () => process.constrainedMemory()): number | undefined {
  try {
    const limit = read();
    return limit > 0 && limit < NO_LIMIT ? limit : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") return undefined;
    throw error;
  }
}
