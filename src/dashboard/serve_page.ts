/**
 * The page on a port of its own, for this machine's browsers, with what may be read beside it.
 *
 * @module
 */
import { Access } from "../metrics/access.ts";
import type { BearerToken } from "../metrics/bearer_token.ts";
import { type HttpServer, type RouteHandler, serveHttp } from "../metrics/http_server.ts";
import { routed } from "../metrics/routes.ts";
import { Page } from "./page.ts";
import type { PageSource } from "./source.ts";

/** The port of the page where none is given. */
export const DEFAULT_PAGE_PORT = 8080;

/** Settings of {@linkcode servePage}. */
export interface ServePageOptions {
  readonly source: PageSource;
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** What other machines have to bring. This one's browsers need nothing; without it there are only these. */
  readonly token?: BearerToken | undefined;
  /** More paths, by the path. */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
  /** Default {@linkcode DEFAULT_PAGE_PORT}; 0 takes any free one. */
  readonly port?: number;
  /** The flag to name when the port is taken. Default `--port`. */
  readonly portFlag?: string;
  /** Told of errors of the source and while answering. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves the page. It is listening when this resolves; closing it ends the reading of the source.
 *
 * @throws {CannotListen} When the port can't be had, naming the flag.
 */
export async function servePage(options: ServePageOptions): Promise<HttpServer> {
  const { source, onError, host = "127.0.0.1" } = options;
  const told = onError === undefined ? {} : { onError };
  const page = new Page(source, told);
  const routes = new Map(Object.entries({ ...page.routes(), ...options.routes }));
  try {
    const server = await serveHttp({
      name: "the page",
      host,
      port: options.port ?? DEFAULT_PAGE_PORT,
      portFlag: options.portFlag ?? "--port",
      ...told,
      access: new Access({ name: "the page", token: options.token, trustsThisMachine: true }),
      handler: routed(routes),
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
