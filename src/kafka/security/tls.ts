/**
 * TLS to brokers: the files that it takes, read and checked before each connection, so that what is wrong
 * with them is said as such, and what was rotated is used without a restart.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { certificateBlocks, isEncryptedKey, privateKeyBlock } from "../../secrecy/pem.ts";
import { ConfigError } from "../port/errors.ts";
import { readSecret, readText, type Secret, sourceOf, withFlag } from "./secret.ts";

/** What to trust, and who this client is. */
export interface TlsConfig {
  /** A PEM file with the certificate authorities to trust instead of the system's. */
  readonly caFile?: string;
  /** A PEM file with this client's certificate, and those between it and the authority behind it (mTLS). */
  readonly certFile?: string;
  /** A PEM file with the certificate's key. */
  readonly keyFile?: string;
  /** What the key's file is encrypted with. */
  readonly keyPassword?: Secret;
}

/** Node's options for a connection; the host's name is verified by default. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const [CA, CERT, KEY] = ["KAFKA_CA", "KAFKA_CERT", "KAFKA_KEY"].map(withFlag) as [string, string, string];
const KEY_PASSWORD = "KAFKA_KEY_PASSWORD";

/**
 * Reads and checks the files.
 *
 * @throws {ConfigError} When one can't be read or is not what it should be: it names the variable, the file
 * and what to do.
 */
export function tlsOptions({ caFile, certFile, keyFile, keyPassword }: TlsConfig): TlsOptions {
  return {
    ...(caFile === undefined ? {} : { ca: authorities(caFile) }),
    ...(certFile === undefined || keyFile === undefined ? {} : identity(certFile, keyFile, keyPassword)),
  };
}

/** The text of a file with at least one authority that is valid now. */
function authorities(file: string): string {
  const certificates = certificatesIn(file, CA);
  if (certificates.every(({ read }) => Date.parse(read.validTo) < Date.now())) {
    throw wrong(
      CA,
      file,
      `whose authority's certificate expired on ${dateOf(certificates[0]!.read.validTo)}`,
      RENEW,
    );
  }
  return textOf(certificates);
}

/** The client's certificate with its key. */
function identity(certFile: string, keyFile: string, password: Secret | undefined): TlsOptions {
  const certificates = certificatesIn(certFile, CERT);
  const own = certificates[0]!.read;
  if (Date.parse(own.validTo) < Date.now()) {
    throw wrong(CERT, certFile, `a certificate that expired on ${dateOf(own.validTo)}`, RENEW);
  }
  if (Date.parse(own.validFrom) > Date.now()) {
    throw wrong(CERT, certFile, `a certificate that is valid from ${dateOf(own.validFrom)}`, RENEW);
  }
  const key = privateKey(keyFile, password);
  if (spki(own.publicKey) !== spki(createPublicKey(key))) {
    throw wrong(
      KEY,
      keyFile,
      `a key that does not fit the certificate in ${JSON.stringify(certFile)}`,
      `name the key that ${CERT} was made with`,
    );
  }
  // As PEM that is not encrypted, which is all that Deno's TLS reads.
  return { cert: textOf(certificates), key: key.export({ type: "pkcs8", format: "pem" }) as string };
}

const RENEW = "name one that is valid now, or set this machine's clock";

function privateKey(file: string, password: Secret | undefined): KeyObject {
  const text = readText(file, KEY, "a PEM file");
  const block = privateKeyBlock(text);
  if (block === undefined) {
    throw wrong(KEY, file, "which has no private key in it", "name a PEM file with BEGIN PRIVATE KEY in it");
  }
  const encrypted = isEncryptedKey(block);
  if (encrypted && password === undefined) {
    throw wrong(
      KEY,
      file,
      "an encrypted key without its password",
      `set ${KEY_PASSWORD} or ${KEY_PASSWORD}_FILE`,
    );
  }
  try {
    return createPrivateKey(
      password !== undefined && encrypted
        ? { key: block, passphrase: readSecret(password, KEY_PASSWORD) }
        : block,
    );
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw encrypted
      ? wrong(
        KEY,
        file,
        "an encrypted key that can't be read",
        `${sourceOf(password!, KEY_PASSWORD)} is not its password, or it is encrypted in an old way: ` +
          "openssl pkcs8 -topk8 -v2 aes256 writes it anew",
      )
      : wrong(KEY, file, "a key that can't be read", "name a PEM file with an RSA or EC key");
  }
}

/** A certificate as it is handed on, and what it says. */
interface Certificate {
  readonly pem: string;
  readonly read: X509Certificate;
}

/** The certificates in a PEM file, at least one. */
function certificatesIn(file: string, source: string): Certificate[] {
  const text = readText(file, source, "a PEM file");
  const blocks = certificateBlocks(text);
  if (blocks.length === 0) {
    const key = text.includes("PRIVATE KEY-----") ? ", but a private key" : "";
    throw wrong(
      source,
      file,
      `which has no certificate in it${key}`,
      "name a PEM file with BEGIN CERTIFICATE in it; keytool -exportcert -rfc writes one from a keystore",
    );
  }
  return blocks.map((block, i) => {
    try {
      const pem = withLines(block);
      return { pem, read: new X509Certificate(pem) };
    } catch (error) {
      throw wrong(source, file, `whose certificate ${i + 1} can't be read`, "write the file anew", error);
    }
  });
}

/** A certificate in lines as they have to be, where copying it has joined or indented them. */
function withLines(block: string): string {
  const base64 = block.replace(/-----(BEGIN|END) CERTIFICATE-----|\s+/g, "");
  return ["-----BEGIN CERTIFICATE-----", ...base64.match(/.{1,64}/g) ?? [], "-----END CERTIFICATE-----", ""]
    .join("\n");
}

function textOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ pem }) => pem).join("");
}

/** How a public key is written, by which two are compared. */
function spki(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }) as string;
}

function dateOf(text: string): string {
  return new Date(text).toISOString().slice(0, 19) + "Z";
}

function wrong(source: string, file: string, what: string, remedy: string, cause?: unknown): ConfigError {
  return new ConfigError(`Cannot use ${source}: received ${JSON.stringify(file)}, ${what}; ${remedy}`, {
    cause,
  });
}
