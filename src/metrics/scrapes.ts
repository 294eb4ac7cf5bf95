/**
 * The text of a registry for who scrapes it, however many do so at a time.
 *
 * @module
 */
import type { Registry } from "./prom_client.ts";

/** The share of a process' time that texts are made in, when they are asked for without end. */
const SHARE = 0.2;
/** As much of it may be saved up, in ms. */
const MOST_SAVED_MS = 1_000;

/** A text, and its bytes compressed, once somebody has asked for them. */
interface Made {
  readonly text: string;
  zipped?: Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Makes one text at a time: who asks meanwhile gets that, and who asks more often than there is time for gets
 * the one before. What is scraped has other work to do.
 */
export class Scrapes {
  readonly #registry: Registry;
  readonly #now: () => number;
  #making: Promise<Made> | undefined;
  #last: Made | undefined;
  /** Time that texts may still take, in ms, as it was at the time. */
  #left = { ms: MOST_SAVED_MS, atMs: -Infinity };

  /**
   * @param registry What is scraped.
   * @param now The time in ms, which never goes back.
   */
  constructor(registry: Registry, now: () => number = () => performance.now()) {
    this.#registry = registry;
    this.#now = now;
  }

  /** The text as it is, or in a tenth of its bytes where the scraper takes that. */
  async answer(request: Request): Promise<Response> {
    const headers = { "content-type": this.#registry.contentType, vary: "accept-encoding" };
    const made = await this.#current();
    if (!takesGzip(request.headers.get("accept-encoding") ?? "")) return new Response(made.text, { headers });
    const bytes = await (made.zipped ??= this.#timed(() => zipped(made.text)));
    return new Response(bytes, { headers: { ...headers, "content-encoding": "gzip" } });
  }

  async #current(): Promise<Made> {
    if (this.#making === undefined && this.#last !== undefined && this.#leftMs() <= 0) return this.#last;
    this.#making ??= this.#timed(() => this.#registry.metrics()).then((text) => this.#last = { text })
      .finally(() => this.#making = undefined);
    return await this.#making;
  }

  async #timed<T>(make: () => Promise<T>): Promise<T> {
    const beganMs = this.#now();
    try {
      return await make();
    } finally {
      const ms = this.#leftMs() - (this.#now() - beganMs);
      this.#left = { ms, atMs: this.#now() };
    }
  }

  #leftMs(): number {
    const { ms, atMs } = this.#left;
    return Math.min(MOST_SAVED_MS, ms + (this.#now() - atMs) * SHARE);
  }
}

async function zipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * What an `Accept-Encoding` says of gzip: by name, or by the star where it is not named; a weight of 0
 * refuses it.
 */
function takesGzip(accepted: string): boolean {
  const offers = accepted.toLowerCase().split(",").map((offer) =>
    offer.split(";").map((part) => part.trim())
  );
  const offer = offers.find(([coding]) => coding === "gzip") ?? offers.find(([coding]) => coding === "*");
  return offer !== undefined && !offer.slice(1).some((part) => /^q=0(\.0*)?$/.test(part));
}
