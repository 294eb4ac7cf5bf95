/**
 * The page on a port of its own, for this machine alone.
 *
 * @module
 */
import { type HttpServer, jsonResponse, serveHttp } from "../metrics/http_server.ts";
import { Page } from "./page.ts";
import type { PageSource } from "./source.ts";

/** The port of the page where none is given. */
export const DEFAULT_PAGE_PORT = 8080;

/** Settings of {@linkcode servePage}. */
export interface ServePageOptions {
  readonly source: PageSource;
  /** Default {@linkcode DEFAULT_PAGE_PORT}; 0 takes any free one. */
  readonly port?: number;
  /** The flag to name when the port is taken. Default `--port`. */
  readonly portFlag?: string;
  /** Told of errors of the source and while answering. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves the page on loopback. It is listening when this resolves; closing it ends the reading of the source.
 *
 * @throws {CannotListen} When the port can't be had, naming the flag.
 */
export async function servePage(options: ServePageOptions): Promise<HttpServer> {
  const { source, onError } = options;
  const told = onError === undefined ? {} : { onError };
  const page = new Page(source, told);
  const routes = new Map(Object.entries(page.routes()));
  try {
    const server = await serveHttp({
      name: "the page",
      host: "127.0.0.1",
      port: options.port ?? DEFAULT_PAGE_PORT,
      portFlag: options.portFlag ?? "--port",
      ...told,
      handler: (request, url) =>
        routes.get(url.pathname)?.(request, url) ??
          jsonResponse({ error: `no such path: ${url.pathname}`, paths: [...routes.keys()].sort() }, 404),
    });
    const close = async (): Promise<void> => {
      await page.close();
      await server.close();
    };
    return { ...server, url: server.url.replace("127.0.0.1", "localhost"), close };
  } catch (error) {
    await page.close();
    throw error;
  }
}
