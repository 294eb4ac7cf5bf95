/**
 * How much CPU time a container lets its process have.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Where a control group of version 2 has it: a quota and its period in microseconds, or `max`. */
const CPU_MAX = "/sys/fs/cgroup/cpu.max";

/**
 * The limit of the control group that this process is in, in cores; `undefined` without one, where there are
 * no control groups of version 2, or when the file may not be read (Deno's
 * `--allow-read=/sys/fs/cgroup/cpu.max`).
 *
 * @param read What that file has.
 */
export function cpuLimit(read: () => string = () => readFileSync(CPU_MAX, "utf8")): number | undefined {
  let text: string;
  try {
    text = read();
  } catch {
    return undefined;
  }
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(text) ?? [];
  const limit = Number(quota) / Number(period);
  return limit > 0 && limit < Infinity ? limit : undefined;
}
