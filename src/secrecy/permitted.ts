/**
 * Variables that a program may not be permitted to read.
 *
 * @module
 */

/** The connection's variables of the first hour: who may not read one of these is told so. */
const FIRST: ReadonlySet<string> = new Set(
  ["KAFKA_BROKERS", "KAFKA_CA", "API_KEY", "SECRET_KEY", "CLOUD", "SCHEMA_REGISTRY"],
);

/** What is read; `undefined` also where Deno does not permit to read it. */
export function unlessDenied(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") return undefined;
    throw error;
  }
}

/**
 * Reads the connection's variables. A later one that the program's permissions do not name is as if it were
 * not set: they were written before it was there.
 */
export function permitted(
  env: (name: string) => string | undefined,
): (name: string) => string | undefined {
  return (name) => FIRST.has(name) ? env(name) : unlessDenied(() => env(name));
}
