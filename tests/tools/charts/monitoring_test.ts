import { assert, assertEquals } from "@std/assert";
import { type Any, chartFile, objectsOf } from "./renders.ts";
import { assertServed } from "./served_metrics.ts";

Deno.test("the dashboard is JSON, its panels are told apart, and they show metrics that are served", async () => {
  const dashboard = JSON.parse(await chartFile("files/dashboard.json"));
  const { panels } = dashboard;
  const ids = panels.map((panel: Any) => panel.id);
  assertEquals(new Set(ids).size, ids.length);
  const expressions = panels.flatMap((panel: Any) =>
    (panel.targets ?? []).map((target: Any) => ({ where: panel.title, expression: target.expr }))
  );
  const used = await assertServed(expressions);
  for (
    const name of [
      "kos_consumer_lag_records",
      "kos_consumer_lag_seconds",
      "kos_arrival_records_per_second",
      "kos_capacity_records_per_second",
      "kos_busy_seconds_total",
      "kos_load",
      "kos_partition_load",
      "kos_streams_tasks",
      "kos_streams_records_processed_total",
      "kos_streams_commit_duration_seconds",
      "kos_streams_restore_remaining_records",
    ]
  ) assert(used.has(name), `no panel shows ${name}`);
  // No panel may lie over another.
  for (const [i, a] of panels.entries()) {
    for (const b of panels.slice(i + 1)) {
      const [p, q] = [a.gridPos, b.gridPos];
      const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
      assert(apart, `the panels ${a.title} and ${b.title} overlap`);
    }
  }
});

Deno.test("the dashboard's ConfigMap holds the dashboard", async () => {
  const configMap = (await objectsOf("operator")).find(({ metadata }) => metadata.name === "kos-dashboard");
  assertEquals(JSON.parse(configMap.data["kos.json"]), JSON.parse(await chartFile("files/dashboard.json")));
});

Deno.test("alerts name metrics that are served", async () => {
  const rule = (await objectsOf("operator")).find(({ kind }) => kind === "PrometheusRule");
  const alerts = rule.spec.groups.flatMap((group: Any) => group.rules);
  assert(alerts.length >= 6);
  for (const alert of alerts) {
    assert(alert.annotations.summary && alert.annotations.description, alert.alert);
    assertEquals(alert.labels.team, "arcade", alert.alert);
  }
  await assertServed(alerts.map((alert: Any) => ({ where: alert.alert, expression: alert.expr })));
});
