/**
 * The live page: its files, its stream of snapshots, and what it can change, as routes of a server.
 *
 * @module
 */
import { readOnly, type RouteHandler } from "../metrics/http_server.ts";
import { pageHeaders } from "../metrics/page.ts";
import { ASSETS } from "./assets.ts";
import { controlRoute, offerOf } from "./control.ts";
import { History, HISTORY_MS } from "./history.ts";
import type { PageHello } from "./snapshot.ts";
import type { PageSource } from "./source.ts";
import { Viewers } from "./viewers.ts";

/** Settings of {@linkcode Page}. */
export interface PageOptions {
  /**
   * Where its routes begin, with a slash at the end, such as `/page/`. Default `/`.
   */
  readonly base?: string;
  /**
   * After so many ms without anybody who looks on the source is not asked any more, and not before somebody
   * does. Default: it is always asked, so that whoever comes sees what was before.
   */
  readonly restMs?: number;
  /** Told of an error of the source, after which there are no more snapshots until somebody comes. */
  readonly onError?: (error: unknown) => void;
}

/** A page over a source. Whoever serves it closes it. */
export class Page {
  readonly #source: PageSource;
  readonly #options: PageOptions;
  /** Another for each page: what a browser has seen of one before it is another's past. */
  readonly #epoch = crypto.randomUUID().slice(0, 8);
  readonly #history: History = new History(this.#epoch);
  readonly #viewers: Viewers;
  #reading: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(source: PageSource, options: PageOptions = {}) {
    this.#source = source;
    this.#options = options;
    this.#viewers = new Viewers((count) => this.#counted(count));
    if (options.restMs === undefined) this.#read();
  }

  /** The paths of the page, for a server, whose access says who may read it and use its controls. */
  routes(): Record<string, RouteHandler> {
    const { base = "/" } = this.#options;
    const routes: [string, RouteHandler][] = [
      ["events", readOnly((request) => this.#events(request))],
      ["control", controlRoute(this.#source.control)],
      ...Object.entries(ASSETS).map(([name, asset]): [string, RouteHandler] => [
        name === "index.html" ? "" : name,
        readOnly(() => new Response(asset.text, { headers: headersOf(asset.type) })),
      ]),
    ];
    return Object.fromEntries(routes.map(([name, handler]) => [`${base}${name}`, handler]));
  }

  /** Ends the streams, and the reading of the source. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rest);
    this.#viewers.close();
    this.#reading?.stop.abort();
    await this.#reading?.ended;
  }

  #events(request: Request): Response {
    const { title, topology, control } = this.#source;
    const hello: PageHello = {
      epoch: this.#epoch,
      title,
      topology: topology ?? [],
      historyMs: HISTORY_MS,
      ...offerOf(control),
    };
    const missed = this.#history.after(request.headers.get("last-event-id"));
    return this.#viewers.add([
      `retry: 1000\nevent: hello\ndata: ${JSON.stringify(hello)}\n\n`,
      ...missed,
      // What came before is drawn at once, not each by itself.
      "event: ready\ndata: {}\n\n",
    ]);
  }

  #counted(count: number): void {
    if (this.#closed) return;
    clearTimeout(this.#rest);
    if (count > 0) this.#read();
    else if (this.#options.restMs !== undefined) {
      this.#rest = setTimeout(() => this.#reading?.stop.abort(), this.#options.restMs);
    }
  }

  #read(): void {
    if (this.#reading !== undefined) return;
    const stop = new AbortController();
    const ended = this.#pump(stop.signal).catch((error) => {
      if (!stop.signal.aborted) this.#options.onError?.(error);
    }).finally(() => {
      this.#reading = undefined;
      // Somebody has come while it was being ended.
      if (stop.signal.aborted && !this.#closed && this.#viewers.count > 0) this.#read();
    });
    this.#reading = { stop, ended };
  }

  async #pump(signal: AbortSignal): Promise<void> {
    for await (const snapshot of this.#source.snapshots(signal)) {
      if (signal.aborted) return;
      this.#viewers.send(this.#history.add(snapshot));
    }
  }
}

function headersOf(type: string): Record<string, string> {
  return { ...pageHeaders("'self'", "'self'"), "content-type": type };
}
