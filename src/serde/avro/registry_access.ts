/**
 * What lets a client in at a registry: a user, a token or a certificate, and whom it trusts. Files are read
 * anew for each request, so that what is rotated, such as a mount of Kubernetes, is taken without a restart.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { certificateBlocks, isEncryptedKey, privateKeyBlock } from "../../secrecy/pem.ts";
import { unreadable } from "../../secrecy/unreadable.ts";
import { RegistryConfigError } from "./registry_error.ts";

/** How a client shows who it is, and whom it trusts. */
export interface RegistryAccessOptions {
  /** The user for basic authentication; left out, user and password of the URL are used, if it has any. */
  readonly username?: string | undefined;
  /** The password that goes with {@linkcode username}. */
  readonly password?: string | undefined;
  /** The path of a file with that password; a line's end after it is none of it. */
  readonly passwordFile?: string | undefined;
  /** A token that is sent as a bearer's, instead of user and password. */
  readonly token?: string | undefined;
  /** The path of a file with that token. */
  readonly tokenFile?: string | undefined;
  /** The path of a PEM file with the certificate authorities to trust instead of the system's. */
  readonly caFile?: string | undefined;
  /** The path of a PEM file with the client's certificate, for mutual TLS. */
  readonly certFile?: string | undefined;
  /** The path of a PEM file with that certificate's private key, which has no password. */
  readonly keyFile?: string | undefined;
}

/** What goes with one request. Never to be logged. */
export interface RegistryAccess {
  /** The header's value. */
  readonly authorization: string | undefined;
  /** What must be in no message that anybody reads. */
  readonly secrets: readonly string[];
  /** PEM, where the system's authorities alone don't do. */
  readonly tls: RegistryTls | undefined;
}

/** What a connection is made with. */
export interface RegistryTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Reads what goes with a request.
 *
 * @throws {RegistryConfigError} When settings don't go together, or a file is not what it has to be.
 */
export function readAccess(options: RegistryAccessOptions): RegistryAccess {
  return { ...credentialsOf(options), tls: tlsOf(options) };
}

function credentialsOf(options: RegistryAccessOptions): Omit<RegistryAccess, "tls"> {
  const { username, password, passwordFile, token, tokenFile } = options;
  const bearer = secret(token, tokenFile, "SCHEMA_REGISTRY_TOKEN");
  const pass = secret(password, passwordFile, "SCHEMA_REGISTRY_PASSWORD");
  if (bearer !== undefined) {
    if (username || pass) {
      throw new RegistryConfigError(
        "Cannot use SCHEMA_REGISTRY_TOKEN: received a user or a password too; set either the token, or " +
          "SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD",
      );
    }
    // A header takes no line's end, and what has one was cut from a file in the wrong place.
    if (!/^[\x21-\x7e]+$/.test(bearer)) {
      throw new RegistryConfigError(
        `Cannot use SCHEMA_REGISTRY_TOKEN: received ${
          named("a token", tokenFile)
        } with spaces or other characters that a token has not; set the token alone`,
      );
    }
    return { authorization: `Bearer ${bearer}`, secrets: [bearer] };
  }
  if (!username && !pass) return { authorization: undefined, secrets: [] };
  return {
    authorization: `Basic ${Buffer.from(`${username ?? ""}:${pass ?? ""}`).toString("base64")}`,
    secrets: pass ? [pass] : [],
  };
}

/** A secret as it was given, or what its file holds. */
function secret(text: string | undefined, file: string | undefined, variable: string): string | undefined {
  if (!file) return text || undefined;
  if (text) {
    throw new RegistryConfigError(
      `Cannot use ${variable}_FILE: received it together with ${variable}; set one of them`,
    );
  }
  const held = read(file, `${variable}_FILE`, "a file that can be read").replace(/\r?\n$/, "");
  if (held !== "") return held;
  throw new RegistryConfigError(
    `Cannot use ${variable}_FILE: received ${JSON.stringify(file)}, which is empty; write the secret into it`,
  );
}

function tlsOf({ caFile, certFile, keyFile }: RegistryAccessOptions): RegistryTls | undefined {
  if (!caFile && !certFile && !keyFile) return undefined;
  return { ...(caFile ? { ca: authorities(caFile) } : {}), ...identity(certFile, keyFile) };
}

function authorities(file: string): string {
  const variable = "SCHEMA_REGISTRY_CA";
  const pem = read(file, variable, A_CERTIFICATE);
  const blocks = certificateBlocks(pem);
  if (blocks.length === 0) throw notPem(file, variable);
  for (const block of blocks) parsed(block, file, variable);
  return pem;
}

/** The client's certificate with its key, which are of no use without each other. */
function identity(certFile: string | undefined, keyFile: string | undefined): RegistryTls {
  if (!certFile && !keyFile) return {};
  if (!certFile || !keyFile) {
    const [there, missing] = certFile ? [CERT, KEY] : [KEY, CERT];
    throw new RegistryConfigError(
      `Cannot use ${there}: received it without ${missing}; set both, or neither for no client certificate`,
    );
  }
  const cert = read(certFile, CERT, A_CERTIFICATE);
  const [first] = certificateBlocks(cert);
  if (first === undefined) throw notPem(certFile, CERT);
  const certificate = parsed(first, certFile, CERT);
  const text = read(keyFile, KEY, A_KEY);
  const key = privateKeyBlock(text) ?? text;
  if (!certificate.checkPrivateKey(privateKey(key, keyFile))) {
    throw new RegistryConfigError(
      `Cannot use ${KEY}: received ${JSON.stringify(keyFile)}, which is not the key of the certificate in ` +
        `${JSON.stringify(certFile)}; set ${CERT} and ${KEY} to files that belong together`,
    );
  }
  // The registry would only close the connection.
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new RegistryConfigError(
      `Cannot use ${CERT}: received ${JSON.stringify(certFile)}, which expired at ${certificate.validTo}; ` +
        "put a certificate in its place that is valid",
    );
  }
  return { cert, key };
}

function parsed(pem: string, file: string, variable: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw notPem(file, variable, error);
  }
}

function privateKey(pem: string, file: string): KeyObject {
  try {
    if (isEncryptedKey(pem)) throw new TypeError("it is encrypted");
    return createPrivateKey(pem);
  } catch {
    // What the library says may show the key's text.
    throw new RegistryConfigError(
      `Cannot use ${KEY}: received ${JSON.stringify(file)}; allowed is ${A_KEY}`,
    );
  }
}

function notPem(file: string, variable: string, cause?: unknown): RegistryConfigError {
  return new RegistryConfigError(
    `Cannot use ${variable}: received ${JSON.stringify(file)}; allowed is ${A_CERTIFICATE}`,
    { cause },
  );
}

function read(file: string, variable: string, allowed: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { received, reason, options } = unreadable(file, error);
    throw new RegistryConfigError(
      `Cannot use ${variable}: received ${received}; allowed is ${allowed} (${reason})`,
      options,
    );
  }
}

/** What a secret is called in a message: by its file, or not at all. */
function named(what: string, file: string | undefined): string {
  return file ? JSON.stringify(file) : what;
}

const CERT = "SCHEMA_REGISTRY_CERT";
const KEY = "SCHEMA_REGISTRY_KEY";
const A_CERTIFICATE = "a PEM file with a certificate";
const A_KEY = "a PEM file with a private key that has no password";
