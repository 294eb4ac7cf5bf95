/**
 * Questions at a terminal whose answers can be kept off the screen.
 *
 * By hand, as `@std/cli/prompt-secret` writes to standard output, where the Secret may go, removes bytes instead of characters, and
 * leaves the terminal without echo when it is ended by Ctrl-C.
 *
 * @module
 */

/** The terminal, as far as it is needed; `Deno.stdin` and `Deno.stderr` in use. */
export interface Terminal {
  setRaw(raw: boolean): void;
  readSync(into: Uint8Array): number | null;
  write(text: string): void;
}

/** Ctrl-C was typed. */
export class Cancelled extends Error {
  override name = "Cancelled";
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const ERASE = new Set(["\b", "\x7f"]);

/** Asks questions, one after the other. */
export class Prompter {
  readonly #terminal: Terminal;
  readonly #decoder = new TextDecoder();
  /** What was typed ahead. */
  #typed: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Asks and waits for the line. The terminal is as before afterwards, however it ends.
   *
   * @returns The line; `null` when the input ends before it, as by Ctrl-D.
   * @throws {Cancelled} By Ctrl-C.
   */
  ask(question: string, hidden: boolean): string | null {
    const terminal = this.#terminal;
    terminal.write(`${question} `);
    // Raw, so that nothing is shown by the terminal itself and Ctrl-C comes as a character: it can't leave the terminal raw.
    terminal.setRaw(true);
    try {
      return this.#line(hidden);
    } finally {
      terminal.setRaw(false);
      terminal.write("\n");
    }
  }

  #line(hidden: boolean): string | null {
    const line: string[] = [];
    for (;;) {
      const character = this.#next();
      if (character === undefined || (character === CTRL_D && line.length === 0)) return null;
      if (character === CTRL_C) throw new Cancelled("cancelled by Ctrl-C");
      if (character === "\r" || character === "\n") return line.join("");
      if (ERASE.has(character)) {
        if (line.pop() !== undefined && !hidden) this.#terminal.write("\b \b");
        continue;
      }
      // Another control character stays, to be refused: an arrow key must not become a part of a key unseen.
      line.push(character);
      if (!hidden && character >= " ") this.#terminal.write(character);
    }
  }

  /** The next character; `undefined` at the end of the input. */
  #next(): string | undefined {
    const chunk = new Uint8Array(1024);
    while (this.#typed.length === 0) {
      const read = this.#terminal.readSync(chunk);
      if (read === null) return undefined;
      this.#typed = [...this.#decoder.decode(chunk.subarray(0, read), { stream: true })];
    }
    return this.#typed.shift();
  }
}
