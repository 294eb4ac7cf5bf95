/** A process of which everything is kept that others could read: what it says, and its command line. */
import { delay } from "@std/async/delay";
import { until } from "../engine/app/app_contract.ts";

/** Prints the command line of a process, and of each below it, on a line of its own. */
const WALK = `walk() {
  tr '\\n\\0' '  ' <"/proc/$1/cmdline"; echo
  for child in $(cat /proc/"$1"/task/*/children); do walk "$child"; done
}
walk "$1"`;

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
  /**
   * The command lines of it and of those that it has started: as it was called, since one that ends at once is gone
   * before the system is asked, and as the system tells of those that run.
   */
  readonly commandLines: Set<string> = new Set();
  readonly #child: Deno.ChildProcess;
  readonly #status: Promise<Deno.CommandStatus>;
  readonly #texts = { stdout: "", stderr: "" };
  readonly #reading: Promise<unknown>;
  #ended = false;

  /** @param args Those of `deno run`, from the permissions on. */
  constructor(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    const line = ["run", "-q", ...args];
    this.commandLines.add([Deno.execPath(), ...line, ""].join("\0"));
    this.#child = new Deno.Command(Deno.execPath(), {
      args: line,
      cwd: ROOT,
      env: { NO_COLOR: "1", KOS_DEBUG: "1", KOS_LOG_LEVEL: "debug", SCHEMA_REGISTRY: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#status = this.#child.status.then((status) => (this.#ended = true, status));
    this.#reading = Promise.all([this.#keep("stdout"), this.#keep("stderr")]);
  }

  /** Notes the command lines of now. */
  async look(): Promise<void> {
    if (Deno.build.os !== "linux") return;
    // A test may read /proc by another program only, whatever its permissions.
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", WALK, "sh", String(this.#child.pid)],
      stderr: "null",
    }).output();
    for (const line of new TextDecoder().decode(stdout).split("\n")) if (line) this.commandLines.add(line);
  }

  /** What it has said so far, on both. */
  get said(): string {
    return this.#texts.stdout + this.#texts.stderr;
  }

  /** Waits for something while it runs. */
  async until(what: string, so: () => Promise<boolean> | boolean): Promise<void> {
    await until(`${this.name}: ${what}`, async () => this.#ended || await so());
    await this.look();
    if (this.#ended) throw new Error(`${this.name} ended before ${what}:\n${this.said}`);
  }

  /** Ends it by a signal, if it has not ended. */
  async kill(signal: Deno.Signal): Promise<Ended> {
    await this.look();
    if (!this.#ended) this.#child.kill(signal);
    return await this.end();
  }

  /** Waits for its end. */
  async end(): Promise<Ended> {
    while (!this.#ended) {
      await this.look();
      await Promise.race([this.#status, delay(200)]);
    }
    const { code } = await this.#status;
    await this.#reading;
    return { code, ...this.#texts };
  }

  async #keep(which: "stdout" | "stderr"): Promise<void> {
    const text = this.#child[which].pipeThrough(new TextDecoderStream());
    for await (const chunk of text) this.#texts[which] += chunk;
  }
}
