/**
 * The JAAS line of SASL PLAIN, as Java clients want it in `sasl.jaas.config`.
 *
 * @module
 */

/** Kafka's login module for SASL PLAIN. */
const LOGIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";

/**
 * The login line for a user name and a password.
 *
 * Kafka's `JaasConfig` reads it by Java's `StreamTokenizer`: between single quotes a backslash begins an escape (`\'`, `\\`,
 * `\n`, octal, …), any other character stands for itself, and a bare line end ends the text. So backslashes and single quotes
 * get a backslash. Control characters never get here ({@linkcode "./credentials.ts"} refuses them).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { plainLogin } from "./jaas.ts";
 *
 * assertEquals(
 *   plainLogin("KEY", String.raw`it's a \ and a "`),
 *   String.raw`org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='it\'s a \\ and a "';`,
 * );
 * ```
 */
export function plainLogin(username: string, password: string): string {
  return `${LOGIN_MODULE} required username='${escaped(username)}' password='${escaped(password)}';`;
}

function escaped(text: string): string {
  return text.replace(/[\\']/g, "\\$&");
}
