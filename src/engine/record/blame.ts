/**
 * Which step threw: noted beside what was thrown, which stays the program's own object for whoever handles
 * it.
 *
 * @module
 */

const steps = new WeakMap<object, string>();

/** Notes the step that threw, unless one that is further down has been noted. */
export function blame(error: unknown, step: string): void {
  if (typeof error !== "object" || error === null || steps.has(error)) return;
  steps.set(error, step);
}

/** The step that threw; `undefined` when that is not known. */
export function blamed(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? steps.get(error) : undefined;
}
