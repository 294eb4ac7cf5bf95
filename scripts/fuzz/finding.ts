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
  /** The same for errors from one place, whatever numbers and texts their messages have. */
  readonly signature: string;

  constructor(error: unknown) {
    this.message = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
    this.stack = error instanceof Error ? error.stack ?? "" : "";
    const first = firstCause(error);
    const place = first instanceof Error
      ? first.stack?.match(/^ +at .*(file:|npm:|node_modules).*$/m)?.[0].trim()
      : undefined;
    this.signature = first instanceof Error ? `${first.name} ${place ?? first.message}` : this.message;
  }
}

function firstCause(error: unknown): unknown {
  let first = error;
  for (let depth = 0; depth < 5 && first instanceof Error && first.cause instanceof Error; depth++) {
    first = first.cause;
  }
  return first;
}
