import type { FuzzTarget } from "./target.ts";

/** What is wrong with an input. */
export type Fault = "error" | "time" | "memory" | "growth" | "end";

/** Something that a target must not do. */
export interface Finding {
  readonly fault: Fault;
  /** The message of the error, or what was measured. */
  readonly message: string;
  /** Where it was thrown. */
  readonly stack?: string;
  /** The input that shows it; left out where no single one does. */
  readonly input?: Uint8Array;
}

/** How a target answers an input: `undefined` when it takes it or refuses it by a typed error. */
export function answerOf(target: FuzzTarget, input: Uint8Array): unknown | Promise<unknown> {
  try {
    const answer = target.run(input);
    return answer === undefined ? undefined : answer.then(() => undefined, (error) => untyped(target, error));
  } catch (error) {
    return untyped(target, error);
  }
}

/** The error, wrapped so that a thrown `undefined` is one too, unless the target refuses inputs by it. */
function untyped({ refusals }: FuzzTarget, error: unknown): Thrown | undefined {
  return refusals.some((refusal) => error instanceof refusal) ? undefined : new Thrown(error);
}

/** What was thrown. */
export class Thrown {
  readonly message: string;
  readonly stack: string;

  constructor(error: unknown) {
    this.message = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
    this.stack = error instanceof Error ? error.stack ?? "" : "";
  }

  /** The same for errors of one kind from one place, whatever numbers and texts their messages have. */
  get signature(): string {
    const places = this.stack.split("\n").filter((line) => /^\s+at .*\/(src|scripts)\//.test(line));
    return `${this.message.split(":", 1)[0]} ${places[0]?.trim() ?? this.message}`;
  }
}
