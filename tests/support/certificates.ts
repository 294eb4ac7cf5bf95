/** Certificates for tests of TLS, made in the process: no tool has to be there, and none is valid for long. */
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** Who signs it. Default: itself, as an authority does. */
  readonly issuer?: Certificate;
  /** The host names it is for. */
  readonly hosts?: readonly string[];
  /** Until when it is valid. Default: tomorrow. */
  readonly until?: Date;
}

const DAY_MS = 86_400_000;

/** Makes a certificate on the curve P-256; without an issuer an authority. */
export function makeCertificate(name: string, options: CertificateOptions = {}): Certificate {
  const { issuer, hosts = [], until = new Date(Date.now() + DAY_MS) } = options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const from = new Date(Math.min(Date.now(), until.getTime()) - 2 * DAY_MS);
  const body = sequence(
    tagged(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_SHA256,
    nameOf(issuer?.name ?? name),
    sequence(timeOf(from), timeOf(until)),
    nameOf(name),
    publicKey.export({ type: "spki", format: "der" }) as Buffer,
    tagged(0xa3, sequence(constraints(issuer === undefined), ...(hosts.length > 0 ? [namesOf(hosts)] : []))),
  );
  const signature = sign("sha256", body, createPrivateKey(issuer?.key ?? key));
  const cert = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  return { name, key, cert: pem(cert) };
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g)!;
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** One value of DER: its tag, its length, its bytes. */
function der(tag: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), bytes]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  return der(tag, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const COMMON_NAME = "550403";
const BASIC_CONSTRAINTS = "551d13";
const ALTERNATIVE_NAMES = "551d11";

function nameOf(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(name)))));
}

function timeOf(time: Date): Buffer {
  return der(0x17, Buffer.from(time.toISOString().slice(2).replace(/[-:T]|\.\d+/g, "")));
}

function constraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(der(0x01, Buffer.of(0xff))) : sequence();
  return sequence(oid(BASIC_CONSTRAINTS), der(0x01, Buffer.of(0xff)), der(0x04, value));
}

function namesOf(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) => der(0x82, Buffer.from(host)));
  return sequence(oid(ALTERNATIVE_NAMES), der(0x04, sequence(...names)));
}
