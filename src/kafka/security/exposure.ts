/**
 * What others can read of a connection's credentials.
 *
 * @module
 */
import { LOOPBACK, type Security } from "./security_config.ts";

/**
 * Whose credentials go over a network as they are, and what to do; `undefined` where nobody can read them on
 * the way.
 *
 * @param brokers `host:port` each.
 */
export function exposure({ sasl, ssl }: Security, brokers: readonly string[]): string | undefined {
  if (ssl || (sasl?.mechanism !== "plain" && sasl?.mechanism !== "oauthbearer")) return undefined;
  const far = brokers.find((broker) => !LOOPBACK.test(broker.replace(/:\d+$/, "")));
  if (far === undefined) return undefined;
  const what = sasl.mechanism === "plain" ? "the password of PLAIN" : "the token of OAUTHBEARER";
  return `${what} goes to ${far} without TLS, where whoever is on the way can read it; set ` +
    "KAFKA_SECURITY_PROTOCOL (--security-protocol) to SASL_SSL and name the broker's port for that" +
    (sasl.mechanism === "plain" ? ", or use SCRAM-SHA-512, which sends no password" : "");
}
