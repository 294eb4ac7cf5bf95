/**
 * Variables that a program may not be permitted to read.
 *
 * @module
 */
import process from "node:process";

/**
 * A variable's value; `undefined` also where Deno does not permit to read it. For those that a program's list
 * of permissions need not have: one that was written before they were there goes on.
 */
export function permittedVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") return undefined;
    throw error;
  }
}
