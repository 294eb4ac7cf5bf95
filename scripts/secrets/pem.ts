/**
 * Certificates and keys that go into the Secret, as they are. No error here contains a part of a file.
 *
 * @module
 */
import { UsageError } from "../../src/cli/arguments.ts";
import type { Access } from "./access.ts";

/** What a PEM file has to hold. */
type PemKind = "certificate" | "private key";

const LABELS: Readonly<Record<PemKind, RegExp>> = {
  "certificate": /^-----BEGIN CERTIFICATE-----\r?$/m,
  "private key": /^-----BEGIN (?:(?:RSA|EC|ENCRYPTED) )?PRIVATE KEY-----\r?$/m,
};

/** Checks a file of the flag. @throws {UsageError} When the text has no PEM block of that kind. */
function pem(flag: string, path: string, text: string, kind: PemKind): string {
  if (LABELS[kind].test(text)) return text;
  const others = (Object.keys(LABELS) as PemKind[]).filter((other) => LABELS[other].test(text));
  throw new UsageError(
    `Cannot use ${flag}: received ${others.length > 0 ? `a ${others[0]}` : "no PEM"} in ${path}; ` +
      `give a file with a ${kind} that begins with -----BEGIN`,
  );
}

/** Whether a private key has a password. */
export function isEncrypted(key: string): boolean {
  return /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key);
}

/** The flags that name files. */
export interface FileFlags {
  readonly securityProtocol: Access["protocol"];
  readonly kafkaCa?: string;
  readonly kafkaCert?: string;
  readonly kafkaKey?: string;
  readonly schemaRegistryCa?: string;
  readonly schemaRegistryCert?: string;
  readonly schemaRegistryKey?: string;
}

/**
 * The certificates and keys, by the Secret's keys.
 *
 * @throws {UsageError} When a file is not what its flag is for, or there is a certificate without its key.
 */
export async function readFiles(
  flags: FileFlags,
  read: (path: string) => Promise<string>,
): Promise<Record<string, string>> {
  both("--kafka-cert", flags.kafkaCert, "--kafka-key", flags.kafkaKey);
  both("--schema-registry-cert", flags.schemaRegistryCert, "--schema-registry-key", flags.schemaRegistryKey);
  const tls = flags.kafkaCa !== undefined
    ? "--kafka-ca"
    : flags.kafkaCert !== undefined
    ? "--kafka-cert"
    : "";
  if (!flags.securityProtocol.endsWith("SSL") && tls !== "") {
    throw new UsageError(
      `Cannot use ${tls}: received it with --security-protocol ${flags.securityProtocol}, which has no TLS; ` +
        "set that to one with SSL",
    );
  }
  const files: Record<string, string> = {};
  const wanted: readonly [string, string, string | undefined, PemKind][] = [
    ["ca.crt", "--kafka-ca", flags.kafkaCa, "certificate"],
    ["tls.crt", "--kafka-cert", flags.kafkaCert, "certificate"],
    ["tls.key", "--kafka-key", flags.kafkaKey, "private key"],
    ["schema-registry-ca.crt", "--schema-registry-ca", flags.schemaRegistryCa, "certificate"],
    ["schema-registry-tls.crt", "--schema-registry-cert", flags.schemaRegistryCert, "certificate"],
    ["schema-registry-tls.key", "--schema-registry-key", flags.schemaRegistryKey, "private key"],
  ];
  for (const [key, flag, path, kind] of wanted) {
    if (path !== undefined) files[key] = pem(flag, path, await read(path), kind);
  }
  if (isEncrypted(files["schema-registry-tls.key"] ?? "")) {
    throw new UsageError(
      `Cannot use --schema-registry-key: received a private key with a password in ${flags.schemaRegistryKey}; ` +
        "take the password off, as the Secret keeps it",
    );
  }
  return files;
}

function both(first: string, one: string | undefined, second: string, other: string | undefined): void {
  if ((one === undefined) === (other === undefined)) return;
  const [there, missing] = one === undefined ? [second, first] : [first, second];
  throw new UsageError(`Cannot use ${there}: received it without ${missing}; give both, or neither`);
}
