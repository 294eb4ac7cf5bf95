/**
 * The token that all connections of a client present: asked for once, and anew before it expires.
 *
 * @module
 */
import { isFinal } from "../port/errors.ts";
import type { Token } from "./token_request.ts";

/**
 * The part of a token's life after which another one is asked for. Less than the part of its own life after
 * which a connection is made anew: so that one finds a fresh token.
 */
const REFRESH = 0.6;
/** A token whose end nobody tells is used so long, in ms. */
const UNTOLD_MS = 60_000;
/** While a token still holds, a request that failed is not repeated sooner, in ms. */
const RETRY_MS = 5_000;

/** Hands out a token that holds. */
export class TokenSource {
  readonly #request: () => Promise<Token>;
  readonly #now: () => number;
  #token: { readonly value: string; readonly until: number; refreshAt: number } | undefined;
  #asking: Promise<string> | undefined;

  /**
   * @param request Asks the endpoint.
   * @param now Time that only goes forward, in ms.
   */
  constructor(request: () => Promise<Token>, now: () => number = () => performance.now()) {
    this.#request = request;
    this.#now = now;
  }

  /**
   * A token, shared with all who ask meanwhile. One that still holds serves on while the endpoint does not
   * answer.
   * @throws {ConnectionLost} When there is none, and none can be had.
   */
  async token(): Promise<string> {
    const held = this.#token;
    const now = this.#now();
    if (held !== undefined && now < held.refreshAt) return held.value;
    try {
      return await (this.#asking ??= this.#ask());
    } catch (error) {
      if (held === undefined || this.#now() >= held.until || isFinal(error)) throw error;
      held.refreshAt = Math.min(held.until, this.#now() + RETRY_MS);
      return held.value;
    }
  }

  /** Forgets a token that a broker has refused. */
  forget(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  async #ask(): Promise<string> {
    // What is asked counts its time from before the question.
    const asked = this.#now();
    try {
      const { value, lifetimeMs = UNTOLD_MS } = await this.#request();
      this.#token = { value, until: asked + lifetimeMs, refreshAt: asked + REFRESH * lifetimeMs };
      return value;
    } finally {
      this.#asking = undefined;
    }
  }
}
