/**
 * What is recommended, over HTTP: for people, and for whatever scales by it.
 *
 * @module
 */
import { readOnly, type RouteHandler } from "../metrics/http_server.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import { Registry } from "../metrics/prom_client.ts";
import { PulledMetrics } from "../metrics/pulled_metrics.ts";
import type { Advisor } from "./advisor.ts";

/** Registers `kos_recommended_replicas` and `kos_recommendation_age_seconds`. */
export function registerRecommendation(
  registry: Registry,
  advisor: Pick<Advisor, "advice">,
  now: () => number = Date.now,
): void {
  const metrics = new PulledMetrics(registry);
  metrics.gauge(
    "kos_recommended_replicas",
    "Instances that there should be.",
    () => advisor.advice.replicas,
  );
  metrics.gauge(
    "kos_recommendation_age_seconds",
    "How long ago that was decided or confirmed, in seconds.",
    () => {
      const { atMs } = advisor.advice;
      return atMs === undefined ? undefined : Math.max(0, now() - atMs) / 1_000;
    },
  );
}

/** `GET /scaling`, JSON with times as text, and `GET /metrics`. */
export function scalingRoutes(advisor: Pick<Advisor, "advice">): Record<string, RouteHandler> {
  const registry = new Registry();
  registerRecommendation(registry, advisor);
  return {
    "/scaling": readOnly(() => {
      const { atMs, decisions, ...advice } = advisor.advice;
      return jsonResponse({
        ...advice,
        ...(atMs === undefined ? {} : { at: timeOf(atMs) }),
        decisions: decisions.map(({ atMs, ...decision }) => ({ at: timeOf(atMs), ...decision })),
      });
    }),
    "/metrics": readOnly(async () =>
      new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } })
    ),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
