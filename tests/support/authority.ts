/**
 * Certificates that a test makes for itself: an authority, and what it signs. Elliptic curve P-256, written in DER by
 * hand (RFC 5280), since neither Deno nor Node has a way to make one and a test machine may have no openssl.
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate with its key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Settings of {@linkcode Authority.issue}. */
export interface CertificateOptions {
  /** The names of hosts that it is for. Default: `localhost`, with 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** For how many days it holds from yesterday on; 0: it expired an hour after. Default 10. */
  readonly days?: number;
}

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));

/** An authority that exists for one test. */
export class Authority {
  readonly cert: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name = "kos test authority") {
    const { publicKey, privateKey } = keyPair();
    this.#name = name;
    this.#key = privateKey;
    this.cert = this.#certificate(name, publicKey, days(10), [
      extension([0x55, 0x1d, 0x13], der(0x30, der(0x01, Buffer.from([0xff]))), true),
    ]);
  }

  /** Signs a certificate of that name. */
  issue(name: string, { hosts = ["localhost"], days: valid = 10 }: CertificateOptions = {}): Certificate {
    const { publicKey, privateKey } = keyPair();
    const names = hosts.map((host) => der(0x82, Buffer.from(host)));
    if (hosts.includes("localhost")) names.push(der(0x87, Buffer.from([127, 0, 0, 1])));
    const cert = this.#certificate(name, publicKey, days(valid), [
      extension([0x55, 0x1d, 0x11], der(0x30, ...names)),
    ]);
    return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
  }

  #certificate(
    name: string,
    publicKey: KeyObject,
    validity: Buffer,
    extensions: readonly Buffer[],
  ): string {
    const body = der(
      0x30,
      der(0xa0, integer(Buffer.from([2]))), // version 3
      integer(Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
      ECDSA_SHA256,
      nameOf(this.#name),
      validity,
      nameOf(name),
      publicKey.export({ type: "spki", format: "der" }) as Buffer,
      der(0xa3, der(0x30, ...extensions)),
    );
    const signature = sign("sha256", body, this.#key);
    const bytes = der(0x30, body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
    const lines = bytes.toString("base64").match(/.{1,64}/g)!.join("\n");
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
  }
}

function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** From yesterday on. */
function days(valid: number): Buffer {
  const from = Date.now() - DAY_MS;
  const until = valid === 0 ? from + DAY_MS / 24 : Date.now() + valid * DAY_MS;
  return der(0x30, time(from), time(until));
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "").slice(2);
  return der(0x17, Buffer.from(text));
}

/** A distinguished name that is a common name. */
function nameOf(text: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid(0x55, 4, 3), der(0x0c, Buffer.from(text)))));
}

function extension(id: readonly number[], value: Buffer, critical = false): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return der(0x30, oid(...id), ...flag, der(0x04, value));
}

/** An object's identifier by its bytes. */
function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

/** A value with its tag and length. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
