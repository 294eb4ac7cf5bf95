import { join } from "@std/path";

/** The result of a test run. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/**
 * The numbers in what `deno test` prints last, `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. Not those of its JUnit
 * report, which does not have errors outside of tests. A run that failed without a failed test (a type error, say) counts as one failed.
 */
export function parseSummary(text: string, exitCode: number): Summary {
  const lines = [...text.matchAll(/^(?:ok|FAILED) \| (.*)$/gm)];
  const last = lines.at(-1)?.[1] ?? "";
  const number = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(last)?.[1] ?? 0);
  const failed = number("failed");
  return {
    passed: number("passed"),
    failed: exitCode !== 0 && failed === 0 ? 1 : failed,
    ignored: number("ignored"),
  };
}

/** Removes the terminal's colour codes. */
export function withoutColors(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[\d;]*m/g, "");
}

/** The test files in a folder and in those below it, sorted; none when there is no such folder. */
export async function listTests(dir: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) {
      const path = join(dir, entry.name);
      if (entry.isDirectory) files.push(...await listTests(path));
      else if (entry.name.endsWith("_test.ts")) files.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort();
}
