import { UnusableSchema } from "./serde.ts";

/**
 * The interface of [Standard Schema](https://standardschema.dev), which zod, valibot, ArkType and others
 * have: what is needed of it to check a value.
 */
export interface StandardSchema<T> {
  /** What the library offers under this interface. */
  readonly "~standard": {
    /** Of the interface. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Gives the value, changed as the schema says, or what is wrong with it. */
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
  };
}

/** A value that is as the schema says, or what is wrong with it. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** What it is. */
  readonly message: string;
  /** Where: keys and indexes from the outside, each as it is or as the `key` of an object. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The check of a schema: gives the value that it makes of another one.
 *
 * It throws a {@linkcode TypeError} that names each thing that is wrong and where, and an {@linkcode
 * UnusableSchema} when the schema answers later.
 */
export function standardCheck<T>(schema: StandardSchema<T>): (value: unknown) => T {
  const { validate, vendor } = schema["~standard"];
  return (value) => {
    const result = answered(`the schema of ${vendor}`, validate(value));
    if (result.issues === undefined) return result.value;
    throw new TypeError(result.issues.map(describe).join(", ") || "the schema refused it");
  };
}

/**
 * Returns what a check answered with.
 *
 * @throws {UnusableSchema} When it is a promise.
 */
export function answered<R>(what: string, answer: R): Exclude<R, Promise<unknown>> {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== "function") {
    return answer as Exclude<R, Promise<unknown>>;
  }
  // Nobody waits for it, so its failure is nobody's.
  if (answer instanceof Promise) answer.catch(() => {});
  throw new UnusableSchema(
    `Cannot decode JSON: ${what} answered with a promise; ` +
      `use one that checks at once, without async refinements`,
  );
}

function describe({ message, path = [] }: StandardIssue): string {
  const at = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return at ? `${at}: ${message}` : message;
}
