import { join } from "@std/path";
import type { Env } from "./cache.ts";

/** What a command left behind. */
export interface Output {
  /** Whether it exited with 0. */
  readonly success: boolean;
  /** What it wrote to standard output and then to standard error. */
  readonly text: string;
}

/** Runs a command to its end; `undefined` where there is no such command. */
export async function tryRun(
  command: string,
  args: readonly string[],
  timeoutMs = 20_000,
  cwd = ".",
): Promise<Output | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal,
    }).output();
    const decoder = new TextDecoder();
    return { success: success && !signal.aborted, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}

/** Whether the command is there and answers `args` with exit code 0. */
export async function commandWorks(
  command: string,
  args: readonly string[] = ["--version"],
): Promise<boolean> {
  return (await tryRun(command, args))?.success ?? false;
}

/** A Java runtime that was found. */
export interface Java {
  /** The command that starts it. */
  readonly command: string;
  /** Its feature version, such as 17. */
  readonly version: number;
}

/** The Java runtime of `JAVA_HOME`, else the one on the path; `undefined` where there is none. */
export async function findJava(env: Env = (name) => Deno.env.get(name)): Promise<Java | undefined> {
  const home = env("JAVA_HOME");
  for (const command of home ? [join(home, "bin", "java"), "java"] : ["java"]) {
    const output = await tryRun(command, ["-version"]);
    const version = output?.success ? parseJavaVersion(output.text) : undefined;
    if (version !== undefined) return { command, version };
  }
  return undefined;
}

/** The feature version in what `java -version` prints (`17.0.15` is 17, `1.8.0_452` is 8); `undefined` when there is none in it. */
export function parseJavaVersion(text: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** Whether there is a Docker command and an engine that answers it. */
export async function dockerWorks(): Promise<boolean> {
  return await commandWorks("docker", ["info", "--format", "{{.ServerVersion}}"]);
}
