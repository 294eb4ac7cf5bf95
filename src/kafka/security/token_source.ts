/**
 * The token that all connections of a client present: asked for once, and anew before it expires.
 *
 * @module
 */
import { messageOf } from "../port/errors.ts";
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
/** While none holds, in ms: endpoints lock out who asks for each connection that is tried. */
const RETRY_WITHOUT_MS = 1_000;

/** What a {@linkcode TokenSource} can be told. */
export interface TokenSourceOptions {
  /** Told why there is no new token, while the last one still serves. */
  readonly warn?: (message: string) => void;
  /** Time that only goes forward, in ms. Default `performance.now`. */
  readonly now?: () => number;
}

/** Hands out a token that holds. */
export class TokenSource {
  readonly #request: () => Promise<Token>;
  readonly #warn: ((message: string) => void) | undefined;
  readonly #now: () => number;
  #failed: { readonly error: unknown; readonly until: number } | undefined;
  #token: { readonly value: string; readonly until: number; refreshAt: number } | undefined;
  #asking: Promise<string> | undefined;

  /** @param request Asks the endpoint. */
  constructor(
    request: () => Promise<Token>,
    { warn, now = () => performance.now() }: TokenSourceOptions = {},
  ) {
    this.#request = request;
    this.#warn = warn;
    this.#now = now;
  }

  /**
   * A token, shared with all who ask meanwhile. One that still holds serves on while the endpoint does not
   * answer, or refuses the client: that may be right again before the token ends.
   * @throws {ConnectionLost} When there is none, and none can be had.
   */
  async token(): Promise<string> {
    const held = this.#token;
    const now = this.#now();
    if (held !== undefined && now < held.refreshAt) return held.value;
    if (this.#failed !== undefined && now < this.#failed.until) throw this.#failed.error;
    try {
      // Not within, where what fails before it has waited for anything would be shared for ever.
      return await (this.#asking ??= this.#ask().finally(() => this.#asking = undefined));
    } catch (error) {
      const now = this.#now();
      if (held === undefined || now >= held.until) {
        this.#failed = { error, until: now + RETRY_WITHOUT_MS };
        throw error;
      }
      // Another one of those who asked may have told it.
      if (now >= held.refreshAt) {
        held.refreshAt = Math.min(held.until, now + RETRY_MS);
        this.#warn?.(`${messageOf(error)} (the last token holds for ${seconds(held.until - now)} more)`);
      }
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
    const { value, lifetimeMs = UNTOLD_MS } = await this.#request();
    this.#token = { value, until: asked + lifetimeMs, refreshAt: asked + REFRESH * lifetimeMs };
    this.#failed = undefined;
    return value;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
