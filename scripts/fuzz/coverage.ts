import { Session } from "node:inspector";

/** A range of a script and how often it ran, as V8's profiler tells it. */
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/** Which code of the product has run, by V8's precise coverage of blocks. */
export class Coverage {
  readonly #session: Session;
  readonly #measured: (url: string) => boolean;
  /** For each script, 1 for each character of its code that has run. */
  readonly #reached = new Map<string, Uint8Array>();
  #characters = 0;
  /** What the last look found: a script's marks, and where in them. */
  #found: [reached: Uint8Array, at: number][] = [];

  private constructor(session: Session, measured: (url: string) => boolean) {
    this.#session = session;
    this.#measured = measured;
  }

  /**
   * Begins to measure, in this thread. What has run before isn't known.
   *
   * @param measured Which scripts count, by their URL.
   */
  static async start(measured: (url: string) => boolean): Promise<Coverage> {
    const session = new Session();
    session.connect();
    const coverage = new Coverage(session, measured);
    await coverage.#ask("Profiler.enable");
    await coverage.#ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** How many characters of code have run until the last look. */
  get characters(): number {
    return this.#characters;
  }

  /** Takes back what the last look found: the next ones find it again. */
  forget(): void {
    for (const [reached, at] of this.#found) reached[at] = 0;
    this.#characters -= this.#found.length;
    this.#found = [];
  }

  /** Looks at what has run since the last look; returns how many characters of it never had. */
  async look(): Promise<number> {
    this.#found = [];
    const { result } = await this.#ask("Profiler.takePreciseCoverage") as {
      readonly result: readonly Script[];
    };
    for (const script of result) {
      if (this.#measured(script.url)) this.#add(script);
    }
    this.#characters += this.#found.length;
    return this.#found.length;
  }

  #add({ scriptId, functions }: Script): void {
    const ran = charactersThatRan(functions.flatMap(({ ranges }) => ranges));
    let reached = this.#reached.get(scriptId) ?? new Uint8Array(ran.length);
    if (reached.length < ran.length) {
      const longer = new Uint8Array(ran.length);
      longer.set(reached);
      reached = longer;
    }
    this.#reached.set(scriptId, reached);
    for (let i = 0; i < ran.length; i++) {
      if (ran[i]! > reached[i]!) {
        reached[i] = 1;
        this.#found.push([reached, i]);
      }
    }
  }

  #ask(method: string, parameters: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.#session.post(
        method,
        parameters,
        (error, result) => error === null ? resolve(result) : reject(error),
      )
    );
  }
}

/**
 * 1 for each character that ran. Functions come from the outside in and so do their ranges, of which those are
 * left out that ran as often as what is around them: so the last one says for each character whether it ran.
 */
function charactersThatRan(ranges: readonly Range[]): Uint8Array {
  const ran = new Uint8Array(ranges.reduce((end, { endOffset }) => Math.max(end, endOffset), 0));
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}
