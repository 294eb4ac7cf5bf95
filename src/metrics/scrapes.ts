/**
 * The text of a registry for who scrapes it, however many do so at a time.
 *
 * @module
 */
import type { Registry } from "./prom_client.ts";

/** Makes one text at a time, and one compressed: who asks meanwhile gets that of the one before. */
export class Scrapes {
  readonly #registry: Registry;
  #text: Promise<string> | undefined;
  #zipped: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** @param registry What is scraped. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The text as it is, or in a tenth of its bytes where the scraper takes that. */
  async answer(request: Request): Promise<Response> {
    const headers = { "content-type": this.#registry.contentType, vary: "accept-encoding" };
    if (!takesGzip(request.headers.get("accept-encoding") ?? "")) {
      return new Response(await this.#current(), { headers });
    }
    this.#zipped ??= this.#current().then(zipped).finally(() => this.#zipped = undefined);
    return new Response(await this.#zipped, { headers: { ...headers, "content-encoding": "gzip" } });
  }

  #current(): Promise<string> {
    return this.#text ??= this.#registry.metrics().finally(() => this.#text = undefined);
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
