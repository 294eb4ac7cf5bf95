/**
 * The secret that whoever asks from another machine has to know.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { unreadable } from "../secrecy/unreadable.ts";

/** Where a token comes from; nowhere when it has neither a value nor a file. */
export interface TokenSource {
  /** The token itself, such as a variable's value; empty counts as none. */
  readonly value?: string | undefined;
  /** A file that has it, read anew for each request that brings one: it may be replaced meanwhile. */
  readonly file?: string | undefined;
  /** What the user calls the value, for messages; such as `KOS_STORES_TOKEN`. */
  readonly variable: string;
  /** What the user calls the file, for messages; such as `--stores-token-file`. */
  readonly flag: string;
}

/** Who may ask was said wrongly, or not at all. The message names flag or variable, and never a secret. */
export class AccessError extends Error {
  /** How logs name the error. */
  override name = "AccessError";
}

/** So short a secret can be guessed. */
const LEAST_CHARACTERS = 16;

/**
 * A token as requests bring it: `Authorization: Bearer <token>`, or as the password of any user, which is how
 * a browser sends what its user has typed.
 */
export class BearerToken {
  /** Where it comes from. */
  readonly source: TokenSource;
  readonly #read: () => Promise<string>;

  private constructor(source: TokenSource, read: () => Promise<string>) {
    this.source = source;
    this.#read = read;
  }

  /**
   * The token of a source; `undefined` where that has none.
   *
   * @throws {AccessError} When it has two, can't be read, or is none that a request can bring.
   */
  static async open(source: TokenSource): Promise<BearerToken | undefined> {
    const { value = "", file, variable, flag } = source;
    if (file === undefined) {
      if (value === "") return undefined;
      const token = checked(value, variable);
      return new BearerToken(source, () => Promise.resolve(token));
    }
    if (value !== "") {
      throw new AccessError(`Cannot choose a token: received ${variable} and ${flag}; leave one of them out`);
    }
    const read = async (): Promise<string> => checked(await textOf(file, flag), flag);
    await read();
    return new BearerToken(source, read);
  }

  /**
   * Whether a request's `Authorization` brings it; how long that takes tells nothing of the token.
   *
   * @throws {AccessError} When its file has none any more.
   */
  async isIn(authorization: string | undefined): Promise<boolean> {
    const brought = tokenIn(authorization ?? "");
    if (brought === undefined) return false;
    // Digests have one length, whatever that of the texts.
    return timingSafeEqual(digestOf(brought), digestOf(await this.#read()));
  }
}

function tokenIn(authorization: string): string | undefined {
  const [, scheme = "", text = ""] = /^(bearer|basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return text;
  // The user's name has no colon.
  return /^[^:]*:(.+)$/s.exec(Buffer.from(text, "base64").toString())?.[1];
}

async function textOf(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { received, reason, options } = unreadable(file, error);
    throw new AccessError(
      `Cannot read the token of ${flag}: received ${received}; ${reason}; name a file with the token, ` +
        "such as one below .kos or /etc/kos",
      options,
    );
  }
}

function checked(text: string, name: string): string {
  const token = text.trim();
  if (token.length >= LEAST_CHARACTERS && /^[\x21-\x7e]+$/.test(token)) return token;
  const received = token === "" ? "nothing" : `${token.length} characters`;
  throw new AccessError(
    `Cannot use the token of ${name}: received ${received}; it is ${LEAST_CHARACTERS} or more of ASCII ` +
      "without spaces, such as those of openssl rand -hex 32",
  );
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
