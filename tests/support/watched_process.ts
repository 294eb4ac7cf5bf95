/** A process of which everything is kept that others could read: what it says, and its command line. */
import { until } from "../engine/app/app_contract.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of Deno. */
export class WatchedProcess {
  readonly name: string;
  /** The command lines of it and of those that it has started. */
  readonly commandLines: Set<string> = new Set();
  readonly #child: Deno.ChildProcess;
  readonly #status: Promise<Deno.CommandStatus>;
  readonly #texts = { stdout: "", stderr: "" };
  readonly #reading: Promise<unknown>;
  #ended = false;

  /** @param args Those of `deno run`, from the permissions on. */
  constructor(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", ...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", KOS_DEBUG: "1", KOS_LOG_LEVEL: "debug", SCHEMA_REGISTRY: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#status = this.#child.status.then((status) => (this.#ended = true, status));
    this.#reading = Promise.all([this.#keep("stdout"), this.#keep("stderr")]);
    this.look();
  }

  /** Notes the command lines of now. */
  look(): void {
    for (const pid of withChildren(this.#child.pid)) {
      const line = textOf(`/proc/${pid}/cmdline`);
      if (line) this.commandLines.add(line);
    }
  }

  /** What it has said so far, on both. */
  get said(): string {
    return this.#texts.stdout + this.#texts.stderr;
  }

  /** Waits for something while it runs. */
  async until(what: string, so: () => Promise<boolean> | boolean): Promise<void> {
    await until(`${this.name}: ${what}`, async () => this.#ended || await so());
    this.look();
    if (this.#ended) throw new Error(`${this.name} ended before ${what}:\n${this.said}`);
  }

  /** Ends it by a signal, if it has not ended. */
  async kill(signal: Deno.Signal): Promise<Ended> {
    this.look();
    if (!this.#ended) this.#child.kill(signal);
    return await this.end();
  }

  /** Waits for its end. */
  async end(): Promise<Ended> {
    const timer = setInterval(() => this.look(), 200);
    try {
      const { code } = await this.#status;
      await this.#reading;
      return { code, ...this.#texts };
    } finally {
      clearInterval(timer);
    }
  }

  async #keep(which: "stdout" | "stderr"): Promise<void> {
    const text = this.#child[which].pipeThrough(new TextDecoderStream());
    for await (const chunk of text) this.#texts[which] += chunk;
  }
}

/** A process and those below it, where the system tells them. */
function withChildren(pid: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(withChildren)];
}

/** A file's text; nothing where it is not there, or no more. */
function textOf(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return "";
  }
}
