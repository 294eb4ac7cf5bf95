/**
 * The client's side of SCRAM (RFC 5802) as Kafka speaks it: no channel binding, names and passwords as UTF-8
 * without SASLprep.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** The hash functions that Kafka has SCRAM with, by the mechanism's name. */
export const SCRAM_HASHES = { "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512" } as const;

/** What the other side sent is not as SCRAM has it, or it does not know the password. No secret is in it. */
export class ScramError extends Error {
  override name = "ScramError";
}

/** Fewer would let who listens guess passwords: the least that RFC 7677 and Kafka allow. */
const LEAST_ITERATIONS = 4_096;
/** Kafka's own let nobody ask for more than 16,384; two billion would keep a core busy for half an hour. */
const MOST_ITERATIONS = 100_000;
const LEAST_SALT_BYTES = 8;
/** No channel binding, in base64 as the last message repeats it. */
const GS2_HEADER = "n,,";

/** One exchange: the first message, the last, and the check that the other side knows the password too. */
export class ScramExchange {
  readonly #hash: "sha256" | "sha512";
  readonly #password: string;
  readonly #bare: string;
  readonly #nonce: string;
  #signature: Buffer | undefined;

  /** @param nonce Printable without commas, fresh for each exchange. */
  constructor(
    mechanism: keyof typeof SCRAM_HASHES,
    { username, password }: { readonly username: string; readonly password: string },
    nonce: string = randomBytes(24).toString("base64"),
  ) {
    this.#hash = SCRAM_HASHES[mechanism];
    this.#password = password;
    this.#nonce = nonce;
    this.#bare = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  }

  /** The message that begins it. */
  get first(): string {
    return GS2_HEADER + this.#bare;
  }

  /**
   * The answer to the server's first message: a proof of the password.
   * @throws {ScramError} When that message is not as it may be.
   */
  async prove(serverFirst: string): Promise<string> {
    const { nonce, salt, iterations } = challengeOf(serverFirst, this.#nonce);
    const withoutProof = `c=${Buffer.from(GS2_HEADER).toString("base64")},r=${nonce}`;
    const message = `${this.#bare},${serverFirst},${withoutProof}`;
    const bytes = this.#hash === "sha256" ? 32 : 64;
    const salted = await promisify(pbkdf2)(this.#password, salt, iterations, bytes, this.#hash);
    const clientKey = this.#hmac(salted, "Client Key");
    const clientSignature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), message);
    this.#signature = this.#hmac(this.#hmac(salted, "Server Key"), message);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ clientSignature[i]!));
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  /**
   * Checks the server's last message: only who knows the password can sign it, so that nobody stands in for
   * the broker.
   * @throws {ScramError} When it is not signed so, or says what is wrong.
   */
  verify(serverFinal: string): void {
    const { e, v } = attributes(serverFinal);
    if (e !== undefined) throw new ScramError(`it says ${JSON.stringify(e.slice(0, 100))}`);
    const received = Buffer.from(v ?? "", "base64");
    const expected = this.#signature;
    // In constant time, although a guess is good for one exchange only.
    if (
      expected === undefined || received.length !== expected.length || !timingSafeEqual(received, expected)
    ) {
      throw new ScramError("its own proof is wrong: it does not know this user's password, so it is another");
    }
  }

  #hmac(key: Uint8Array, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}

/** What the server's first message asks for. */
function challengeOf(
  message: string,
  clientNonce: string,
): { nonce: string; salt: Buffer; iterations: number } {
  const { m, r: nonce = "", s = "", i = "" } = attributes(message);
  const salt = Buffer.from(s, "base64");
  const iterations = /^\d{1,10}$/.test(i) ? Number(i) : NaN;
  if (m !== undefined) throw new ScramError("it asks for an extension that is not known");
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) {
    throw new ScramError("its nonce does not begin with this client's and go on");
  }
  if (salt.length < LEAST_SALT_BYTES) throw new ScramError("its salt is too short");
  if (!(iterations >= LEAST_ITERATIONS && iterations <= MOST_ITERATIONS)) {
    throw new ScramError(
      `it asks for ${Number.isNaN(iterations) ? "an unreadable number of" : iterations} iterations; ` +
        `allowed are ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}`,
    );
  }
  return { nonce, salt, iterations };
}

/** The parts of a message by their letters; the first one of a letter counts. */
function attributes(message: string): Partial<Record<string, string>> {
  const found: Partial<Record<string, string>> = {};
  for (const part of message.split(",")) {
    const [, letter, value] = /^([A-Za-z])=(.*)$/s.exec(part) ?? [];
    if (letter !== undefined) found[letter] ??= value;
  }
  return found;
}
