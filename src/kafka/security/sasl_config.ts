/**
 * Credentials for SASL, as a connection's configuration has them.
 *
 * @module
 */
import type { Secret } from "./secret.ts";

/** Credentials; never to be logged. */
export type SaslConfig = PasswordCredentials | ClientCredentials;

/** A user with a password. */
export interface PasswordCredentials {
  /** How they are presented; `plain` sends the password itself, so that it wants TLS. */
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  /** The user, or an API key. */
  readonly username: Secret;
  /** The secret; never to be logged. */
  readonly password: Secret;
}

/** A client that asks a token endpoint for the tokens that it presents (OAuth 2.0 client credentials). */
export interface ClientCredentials {
  /** Tokens (RFC 7628). */
  readonly mechanism: "oauthbearer";
  /** The token endpoint: `https:`, or `http:` on this machine. */
  readonly tokenUrl: string;
  /** The client's id. */
  readonly clientId: Secret;
  /** Its secret; never to be logged. */
  readonly clientSecret: Secret;
  /** The scopes to ask for, with spaces between. */
  readonly scope?: string;
  /** SASL extensions (KIP-342), such as `{ logicalCluster: "lkc-1" }`. */
  readonly extensions?: Readonly<Record<string, string>>;
}
