/**
 * The JAAS line of each mechanism, as Java clients want it in `sasl.jaas.config`.
 *
 * @module
 */
import type { Access } from "./access.ts";

/** Kafka's login modules. */
const MODULES: Readonly<Record<Access["mechanism"], string>> = {
  "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
  "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
};

/**
 * The login line for a user name and a password, or a client's id and secret.
 *
 * Kafka's `JaasConfig` reads it by Java's `StreamTokenizer`: between single quotes a backslash begins an escape (`\'`, `\\`,
 * `\n`, octal, …), any other character stands for itself, and a bare line end ends the text. So backslashes and single quotes
 * get a backslash. Control characters never get here ({@linkcode "./credentials.ts"} refuses them).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { login } from "./jaas.ts";
 *
 * assertEquals(
 *   login({ mechanism: "PLAIN" }, "KEY", String.raw`it's a \ and a "`),
 *   String.raw`org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='it\'s a \\ and a "';`,
 * );
 * ```
 */
export function login(
  { mechanism, scope, extensions = {} }: Pick<Access, "mechanism" | "scope" | "extensions">,
  user: string,
  password: string,
): string {
  const options: [string, string][] = mechanism === "OAUTHBEARER"
    ? [
      ["clientId", user],
      ["clientSecret", password],
      ...(scope === undefined ? [] : [["scope", scope] as [string, string]]),
      ...Object.entries(extensions).map(([name, value]): [string, string] => [`extension_${name}`, value]),
    ]
    : [["username", user], ["password", password]];
  const written = options.map(([name, value]) => `${name}='${escaped(value)}'`).join(" ");
  return `${MODULES[mechanism]} required ${written};`;
}

function escaped(text: string): string {
  return text.replace(/[\\']/g, "\\$&");
}
