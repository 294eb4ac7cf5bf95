/**
 * The live page of an application, on the metrics port of each of its instances.
 *
 * @module
 */
import { HISTORY_MS } from "../dashboard/history.ts";
import { instancesSource, remoteInstances } from "../dashboard/instances_source.ts";
import { Page } from "../dashboard/page.ts";
import { topologyParts } from "../dashboard/topology_parts.ts";
import type { StreamsApp, Topology } from "../engine/mod.ts";
import type { RouteHandler } from "../metrics/http_server.ts";
import type { Registry } from "../metrics/prom_client.ts";
import { readEndpoint } from "./endpoints.ts";

/** Where the page is. */
export const PAGE_PATH = "/page";

/** Settings of {@linkcode applicationPage}. */
export interface ApplicationPageOptions {
  readonly applicationId: string;
  readonly topology: Topology;
  readonly app: Pick<StreamsApp, "taskEndpoints">;
  /** This instance's own metrics. */
  readonly registry: Registry;
  /** How others reach the metrics of this instance, as `host:port`; `undefined` where they can't. */
  readonly endpoint: string | undefined;
  /** Whether this instance is ready. */
  readonly isReady: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** A page that is served. */
export interface ApplicationPage {
  readonly routes: Readonly<Record<string, RouteHandler>>;
  /** Ends what it sends and reads. */
  close(): Promise<void>;
}

/**
 * The page of this instance and of those that say where they are reached: their metrics are read while
 * somebody looks on, and for ten minutes after.
 */
export function applicationPage(options: ApplicationPageOptions): ApplicationPage {
  const { applicationId, topology, app, registry, endpoint, isReady, onError } = options;
  const own = {
    name: endpoint ?? "this instance",
    metrics: () => registry.metrics(),
    ready: () => Promise.resolve(isReady()),
  };
  const source = instancesSource({
    title: applicationId,
    topology: topologyParts(topology),
    instances: () => [
      own,
      ...remoteInstances(
        [...app.taskEndpoints.values()].flatMap((text) => readEndpoint(text).metrics ?? [])
          .filter((other) => other !== endpoint),
      ),
    ],
  });
  const page = new Page(source, { base: `${PAGE_PATH}/`, restMs: HISTORY_MS, onError });
  const moved = (): Response => new Response(null, { status: 308, headers: { location: `${PAGE_PATH}/` } });
  return { routes: { ...page.routes(), [PAGE_PATH]: moved }, close: () => page.close() };
}
