/**
 * What a process has used, as Linux counts it: the same way for any program.
 *
 * @module
 */
import { tryRun } from "../../scripts/support/commands.ts";
import { ScriptError } from "../../scripts/support/errors.ts";

/**
 * Reads what processes have used. Deno lets programs read /proc with all permissions only, so that a shell does it, which stays:
 * to start a program for each look would disturb what is measured.
 */
export class UsageReader {
  readonly #ticksPerSecond: number;
  readonly #shell: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #pending = "";

  private constructor(ticksPerSecond: number, shell: Deno.ChildProcess) {
    this.#ticksPerSecond = ticksPerSecond;
    this.#shell = shell;
    this.#writer = shell.stdin.getWriter();
    this.#reader = shell.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** @throws {ScriptError} On a system without /proc. */
  static async open(): Promise<UsageReader> {
    if (Deno.build.os !== "linux") {
      throw new ScriptError(
        `Cannot measure processes: received ${Deno.build.os}, which has no /proc; run this on Linux`,
      );
    }
    const output = await tryRun("getconf", ["CLK_TCK"]);
    const shell = new Deno.Command("sh", {
      args: ["-c", ANSWER],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    // Linux on all common processors counts in hundredths.
    return new UsageReader(output?.success ? Number(output.text) : 100, shell);
  }

  /** User and system time of all threads, ended ones included, in s. One reading at a time. */
  async cpuSeconds(pid: number): Promise<number> {
    return cpuTicks(await this.#read(`/proc/${pid}/stat`)) / this.#ticksPerSecond;
  }

  /** Resident memory now and at its highest, in bytes. One reading at a time. */
  async memory(pid: number): Promise<Memory> {
    return memoryOf(await this.#read(`/proc/${pid}/status`));
  }

  /** Ends the shell. */
  async close(): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#shell.status;
  }

  async #read(file: string): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${file}\n`));
    for (;;) {
      const end = this.#pending.indexOf(END);
      if (end >= 0) {
        const text = this.#pending.slice(0, end);
        this.#pending = this.#pending.slice(end + END.length);
        return text;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new ScriptError(`Cannot read ${file}: received the end of the shell that reads it`);
      this.#pending += value;
    }
  }
}

/** Stands after each file. */
const END = "\x04\n";
/** Writes the files whose names it reads, by what is built into the shell alone. */
const ANSWER = `while read -r file; do
  if [ -r "$file" ]; then
    while IFS= read -r line; do printf '%s\\n' "$line"; done <"$file"
  fi
  printf '\\004\\n'
done`;

/** A process' resident memory, in bytes. */
export interface Memory {
  readonly rss: number;
  readonly peakRss: number;
}

/**
 * User and system time in the text of `/proc/<pid>/stat`, in clock ticks.
 *
 * @throws {ScriptError} When the text is not of that form.
 */
export function cpuTicks(stat: string): number {
  // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (Number.isNaN(ticks)) throw notProc("stat", stat);
  return ticks;
}

/**
 * The memory in the text of `/proc/<pid>/status`.
 *
 * @throws {ScriptError} When the text does not have it, as that of a process that has ended.
 */
export function memoryOf(status: string): Memory {
  const bytes = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kib === undefined) throw notProc("status", status);
    return Number(kib) * 1024;
  };
  return { rss: bytes("VmRSS"), peakRss: bytes("VmHWM") };
}

function notProc(file: string, text: string): ScriptError {
  return new ScriptError(
    `Cannot read /proc/<pid>/${file}: received ${
      JSON.stringify(text.slice(0, 80))
    }; has the process just ended?`,
  );
}
