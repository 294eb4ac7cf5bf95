/**
 * Where an instance is reached, as it tells the others of its group: its metrics, and its stores where it
 * serves them.
 *
 * @module
 */

/** Addresses of an instance, as `host:port`. */
export interface Endpoint {
  /** Of its metrics and its health. */
  readonly metrics?: string;
  /** Of its stores; left out where it serves none. */
  readonly stores?: string;
}

/** What is between the two: no address has it. */
const BETWEEN = "|";

/** What a host and a port look like; nothing else that another member says is asked, or told on. */
const ADDRESS = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/;

/**
 * Where an instance is reached.
 *
 * @param advertise A host, or a host and a port: that of the stores, or without stores of the metrics.
 * @param ports What it listens on.
 */
export function endpointOf(
  advertise: string,
  { metrics, stores }: { readonly metrics?: number | undefined; readonly stores?: number | undefined },
): Endpoint {
  const [, host = advertise, port] = /^(.*):(\d+)$/.exec(advertise) ?? [];
  const metricsPort = stores === undefined ? port ?? metrics : metrics;
  return {
    ...(metrics === undefined ? {} : { metrics: `${host}:${metricsPort}` }),
    ...(stores === undefined ? {} : { stores: `${host}:${port ?? stores}` }),
  };
}

/** How it is told; `undefined` where there is nothing to tell. */
export function endpointText({ metrics = "", stores }: Endpoint): string | undefined {
  return (stores === undefined ? metrics : metrics + BETWEEN + stores) || undefined;
}

/** What another instance has told, but for what is no address. */
export function readEndpoint(text: string): Endpoint {
  const [metrics = "", stores = ""] = text.split(BETWEEN);
  return {
    ...(ADDRESS.test(metrics) ? { metrics } : {}),
    ...(ADDRESS.test(stores) ? { stores } : {}),
  };
}
