import process from "node:process";
import { dirname } from "@std/path";
import { makeDir, remove } from "./cache.ts";
import { tryRun } from "./commands.ts";
import { ScriptError } from "./errors.ts";
import { waitFor } from "./ports.ts";

/** A command to start. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes, appended. */
  readonly logFile: string;
}

/** A process in the background that outlives this one. */
export interface BackgroundStart extends Start {
  /** Where its process id is kept, for {@linkcode runningPid} and {@linkcode stopBackground}. */
  readonly pidFile: string;
  /**
   * A text in the command line that tells this process from any other, such as its data folder: a process id alone may
   * be another's by now (after a restart of the machine), and that one must not be stopped.
   */
  readonly marker: string;
}

/**
 * Becomes the command, with its output in the log: Deno can't direct output into a file, and a pipe would end
 * with us. Says nothing when there is no such command.
 */
const INTO_LOG = `log=$1; shift
command -v "$1" >/dev/null || exit 127
: >>"$log" || exit 1
echo found
exec "$@" >>"$log" 2>&1`;

/** Starts a process in the background, in a session of its own, so that neither our end nor a Ctrl-C here ends it. */
export async function startBackground(start: BackgroundStart): Promise<number> {
  requireShell(start);
  await makeDir(dirname(start.logFile));
  await makeDir(dirname(start.pidFile));
  const child = new Deno.Command("sh", {
    args: ["-c", INTO_LOG, "sh", start.logFile, start.command, ...start.args],
    env: { ...start.env },
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // Ends when the shell has become the command.
  if (await new Response(child.stdout).text() === "") {
    const { code } = await child.status;
    const cause = code === 127 ? "no such command" : `a log that can't be written, ${start.logFile}`;
    throw new ScriptError(`Cannot start ${start.command}: received ${cause}`);
  }
  child.unref();
  await Deno.writeTextFile(start.pidFile, JSON.stringify({ pid: child.pid, marker: start.marker }) + "\n");
  return child.pid;
}

function requireShell({ command }: Start): void {
  if (Deno.build.os !== "windows") return;
  throw new ScriptError(
    `Cannot start ${command}: received Windows; run this in WSL, where there is a POSIX shell`,
  );
}

/** The id of the process that the pid file names, when it runs; else `undefined`. */
export async function runningPid(pidFile: string): Promise<number | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(pidFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { pid, marker } = parsePidFile(text, pidFile);
  if (!isAlive(pid)) return undefined;
  const ps = await tryRun("ps", ["-ww", "-o", "stat=,args=", "-p", String(pid)]);
  if (ps === undefined) return pid; // no ps (a minimal container): the id is all there is to go by
  const zombie = ps.text.startsWith("Z");
  return ps.text.includes(marker) && !zombie ? pid : undefined;
}

function parsePidFile(text: string, pidFile: string): { pid: number; marker: string } {
  try {
    const { pid, marker } = JSON.parse(text);
    if (Number.isInteger(pid) && pid > 1 && typeof marker === "string" && marker !== "") {
      return { pid, marker };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // not JSON: the error below says so
  }
  throw new ScriptError(
    `Cannot read the process id in ${pidFile}: received ${JSON.stringify(text.slice(0, 80))}; ` +
      `end that process by hand if it runs, and remove the file`,
  );
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM"; // it runs, as another user
  }
}

/**
 * Ends the process that the pid file names: TERM, then KILL when it is still there after `graceMs`. Removes the pid file.
 *
 * @returns Whether there was such a process.
 */
export async function stopBackground(pidFile: string, graceMs = 20_000): Promise<boolean> {
  const pid = await runningPid(pidFile);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    const gone = async () => (await runningPid(pidFile)) === undefined;
    const what = `the end of process ${pid}`;
    try {
      await waitFor(gone, { what, timeoutMs: graceMs });
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      process.kill(pid, "SIGKILL"); // it did not end when asked to
      await waitFor(gone, { what, timeoutMs: 5_000 });
    }
  }
  await remove(pidFile);
  return pid !== undefined;
}

/**
 * The most resident memory that a process has had, in bytes. Of Linux's /proc: what a process knows of itself (`getrusage`) begins with
 * the memory of the one that started it.
 *
 * @throws {ScriptError} Without /proc, or when the process is gone.
 */
export async function peakMemory(pid: number): Promise<number> {
  // Deno lets programs read /proc with all permissions only.
  const output = await tryRun("grep", ["VmHWM", `/proc/${pid}/status`]);
  const kilobytes = /(\d+) kB/.exec(output?.text ?? "")?.[1];
  if (kilobytes !== undefined) return 1024 * Number(kilobytes);
  throw new ScriptError(
    `Cannot read the memory of process ${pid}: received "${output?.text.trim() ?? "no grep"}"`,
  );
}

/** Settings of {@linkcode startChild}. */
export interface ChildStart extends Start {
  /** A temporary folder to remove when the process has ended, also when this process was killed. */
  readonly removeAfter?: string;
}

/** A process that ends with us. */
export interface Child {
  readonly pid: number;
  /** Why it ended; `undefined` while it runs. */
  ended(): string | undefined;
  /** TERM, then KILL when it is still there after `graceMs`. Resolves when it is gone and its folder removed. Idempotent. */
  stop(graceMs?: number): Promise<void>;
  /** KILL at once. Resolves when it is gone and its folder removed. Idempotent. */
  kill(): Promise<void>;
}

/**
 * Runs the command, ends it when its standard input ends, which happens with us whatever kills us, and cleans up. It ignores
 * Ctrl-C: the terminal sends that to it too, but who started it decides when it is no longer needed. The log is there
 * before the process has its id: who waits for a word in it reads it at once.
 */
const WATCHDOG = `trap '' INT HUP
log=$1; folder=$2; shift 2
exec 3<&0
: >>"$log"
"$@" >>"$log" 2>&1 3<&- &
pid=$!
echo "$pid"
(cat <&3 >/dev/null; kill -TERM "$pid" 2>/dev/null) >/dev/null 2>&1 &
trap ':' TERM
wait "$pid"; status=$?
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; status=$?; done
if [ -n "$folder" ]; then rm -rf "$folder"; fi
exit "$status"`;

/** Starts a process that ends when we do, however we end. @throws {ScriptError} When it can't be started. */
export async function startChild(start: ChildStart): Promise<Child> {
  requireShell(start);
  await makeDir(dirname(start.logFile));
  const shell = new Deno.Command("sh", {
    args: ["-c", WATCHDOG, "sh", start.logFile, start.removeAfter ?? "", start.command, ...start.args],
    env: { ...start.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const pid = await firstNumber(shell.stdout, start);
  let ended: string | undefined;
  const status = shell.status.then(async ({ code }) => {
    ended = `the end of process ${pid} with exit code ${code}`;
    await closeInput(); // the watchdog's reader waits for it
  });
  let closed: Promise<void> | undefined;
  const closeInput = (): Promise<void> => closed ??= shell.stdin.close().catch(ignoreBrokenPipe);
  return {
    pid,
    ended: () => ended,
    async stop(graceMs = 20_000): Promise<void> {
      await closeInput();
      const timer = setTimeout(() => isAlive(pid) && process.kill(pid, "SIGKILL"), graceMs);
      await status;
      clearTimeout(timer);
    },
    async kill(): Promise<void> {
      if (ended === undefined) process.kill(pid, "SIGKILL");
      await status;
    },
  };
}

/** The pipe of a process that is gone: closing it has nothing left to do. */
function ignoreBrokenPipe(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}

async function firstNumber(stream: ReadableStream<Uint8Array>, start: ChildStart): Promise<number> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) break; // which also closes the stream
  }
  const pid = Number.parseInt(text, 10);
  if (Number.isInteger(pid)) return pid;
  throw new ScriptError(
    `Cannot start ${start.command}: received ${JSON.stringify(text)} for its id; ` +
      `its log, ${start.logFile}, must be a file that can be written`,
  );
}
