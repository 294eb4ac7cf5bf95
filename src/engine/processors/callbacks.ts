/**
 * HOT PATH. What a program gives the steps to call has to return at once: a record is done, and may be
 * committed, when its steps have returned, so that what a promise does later would be lost when it fails, and
 * written after the commit when it does not.
 *
 * @module
 */
import { ProcessingError, TopologyError } from "../errors.ts";

/** What a callback may return whose result nobody uses: anything but a promise. */
export type Ignored =
  | void
  | null
  | boolean
  | number
  | bigint
  | string
  | symbol
  | (object & { readonly then?: never });

const WHY = "a record is committed once its steps have returned, and nobody would wait";
const REMEDY =
  "await it in a step of its own, mapValuesAsync or mapAsync, which keep order and commits right " +
  "(docs/architecture.md, Asynchronous work)";

/**
 * Refuses an async function before it has seen a record.
 *
 * @param what What the function is, such as `the mapper of mapValues`.
 * @throws {TopologyError} When it is one.
 */
export function refuseAsync(what: string, call: object | undefined): void {
  const kind = (call as { [Symbol.toStringTag]?: string } | undefined)?.[Symbol.toStringTag];
  if (!kind?.startsWith("Async")) return;
  throw new TopologyError(`Cannot use ${what}: received an async function, but ${WHY}; ${REMEDY}`);
}

/**
 * Returns what a callback returned.
 *
 * @throws {ProcessingError} When it is a promise. No handler is asked: the record is not to blame.
 */
export function settled<R>(what: string, result: R): R {
  if (typeof result !== "object" || result === null) return result;
  if (typeof (result as { then?: unknown }).then !== "function") return result;
  // What it comes to is nobody's any more; the refusal is what the program should hear of.
  if (result instanceof Promise) result.catch(() => {});
  throw new ProcessingError(`Cannot use what ${what} returned: received a promise, but ${WHY}; ${REMEDY}`);
}

/**
 * A callback that is checked to return no promise; those with more arguments have functions of their own, so
 * that no call makes an array.
 *
 * @throws {TopologyError} When it is an async function.
 */
export function synchronous0<R>(what: string, call: () => R): () => R {
  refuseAsync(what, call);
  return () => settled(what, call());
}

/** {@linkcode synchronous0} with one argument. */
export function synchronous1<A, R>(what: string, call: (a: A) => R): (a: A) => R {
  refuseAsync(what, call);
  return (a) => settled(what, call(a));
}

/** {@linkcode synchronous0} with two arguments. */
export function synchronous2<A, B, R>(what: string, call: (a: A, b: B) => R): (a: A, b: B) => R {
  refuseAsync(what, call);
  return (a, b) => settled(what, call(a, b));
}

/** {@linkcode synchronous0} with three arguments. */
export function synchronous3<A, B, C, R>(
  what: string,
  call: (a: A, b: B, c: C) => R,
): (a: A, b: B, c: C) => R {
  refuseAsync(what, call);
  return (a, b, c) => settled(what, call(a, b, c));
}
