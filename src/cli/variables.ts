/**
 * Variables that a program may not be permitted to read.
 *
 * @module
 */
import process from "node:process";
import { unlessDenied } from "../secrecy/permitted.ts";

/**
 * A variable's value; `undefined` also where Deno does not permit to read it. For those that a program's list
 * of permissions need not have: one that was written before they were there goes on.
 */
export function permittedVariable(name: string): string | undefined {
  return unlessDenied(() => process.env[name]);
}
