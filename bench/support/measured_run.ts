import { type Memory, UsageReader } from "./process_usage.ts";

/** What a command did, and took from its start to its end. */
export interface MeasuredRun {
  /** Wall time in s. */
  readonly seconds: number;
  /** User and system time of the process and of the children that it waited for, from its first instruction to its last, in s. */
  readonly cpuSeconds: number;
  /** The largest resident memory, in bytes. */
  readonly peakRssBytes: number;
  readonly stdout: string;
}

/** How often the memory is looked up, in ms: the kernel keeps the largest, so that only what grows in the very end is missed. */
const LOOK_MS = 20;

/**
 * Runs the command and tells its process id; when it has ended, what the kernel counts for the shell's children, of which it is the
 * only one: exact to a clock tick, and nothing of it is missed by looking too early.
 */
const SHELL = `errors=$1; shift
"$@" 2>"$errors" </dev/null &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null' TERM
echo "$pid" >&2
wait "$pid"; status=$?
read -r stat </proc/$$/stat
echo "$stat" >&2
exit "$status"`;

/** Runs commands and measures them. */
export class Meter {
  readonly #usage: UsageReader;

  private constructor(usage: UsageReader) {
    this.#usage = usage;
  }

  /** @throws {ScriptError} On a system without /proc. */
  static async open(): Promise<Meter> {
    return new Meter(await UsageReader.open());
  }

  async close(): Promise<void> {
    await this.#usage.close();
  }

  /**
   * Runs a command to its end.
   *
   * @throws {Error} When it fails, with what it wrote.
   */
  async run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<MeasuredRun> {
    signal.throwIfAborted();
    const errors = await Deno.makeTempFile({ prefix: "kos-bench-", suffix: ".log" });
    try {
      const from = performance.now();
      const shell = new Deno.Command("sh", {
        args: ["-c", SHELL, "sh", errors, command, ...args],
        env: { ...env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        signal,
      }).spawn();
      const stdout = new Response(shell.stdout).text();
      const told = shell.stderr.pipeThrough(new TextDecoderStream());
      let text = "";
      let watch: { stop(): Promise<number> } | undefined;
      for await (const chunk of told) {
        text += chunk;
        if (watch === undefined && text.includes("\n")) watch = this.#watch(Number.parseInt(text, 10));
      }
      const { code } = await shell.status;
      const seconds = (performance.now() - from) / 1000;
      const peakRssBytes = await watch?.stop() ?? 0;
      signal.throwIfAborted();
      const stat = text.split("\n")[1];
      if (code !== 0 || stat === undefined) {
        const wrote = ((await Deno.readTextFile(errors)) + (await stdout)).trim();
        throw new Error(
          `Cannot measure ${command}: received exit code ${code} and "${wrote.slice(-600)}"`,
        );
      }
      return {
        seconds,
        cpuSeconds: this.#usage.endedChildrenSeconds(stat),
        peakRssBytes,
        stdout: await stdout,
      };
    } finally {
      await Deno.remove(errors);
    }
  }

  #watch(pid: number): { stop(): Promise<number> } {
    let peak = 0;
    let stopped = false;
    const watching = (async () => {
      while (!stopped) {
        const memory = await this.#usage.memory(pid).catch((): Memory | undefined => undefined);
        if (memory !== undefined) peak = Math.max(peak, memory.peakRss);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    })();
    return {
      async stop() {
        stopped = true;
        await watching;
        return peak;
      },
    };
  }
}
