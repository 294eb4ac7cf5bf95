import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CHART } from "../../../scripts/chart/files.ts";
import { commandWorks } from "../../../scripts/support/commands.ts";
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

// What `helm test` runs, by a POSIX shell.
const noShell = Deno.build.os === "windows" || !(await commandWorks("wget", ["--version"]));

async function helmTest(
  metrics: (path: string) => string | undefined,
): Promise<{ code: number; said: string }> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const text = metrics(new URL(request.url).pathname);
    return new Response(text ?? "starting", { status: text === undefined ? 503 : 200 });
  });
  try {
    const at = `http://127.0.0.1:${server.addr.port}`;
    const { code, stdout } = await new Deno.Command("sh", {
      args: [`${CHART}/files/check-metrics.sh`],
      env: { STREAMS_URL: `${at}/streams`, DATAGEN_URL: `${at}/datagen`, TIMEOUT_SECONDS: "1" },
    }).output();
    return { code, said: new TextDecoder().decode(stdout) };
  } finally {
    await server.shutdown();
  }
}

const STREAMS = `# TYPE consumer_lag_game_frame_rq gauge
consumer_lag_game_frame_rq{client="a",partition="-1",metric="records-lag"} 0
consumer_lag_game_frame_rs{client="a",partition="-1",metric="records-lag"} 0
kos_streams_records_processed_total 0
`;
const DATAGEN = "kos_datagen_records_sent_total 7\n";

Deno.test({
  name: "helm test passes when the gauges are served, zeros included",
  ignore: noShell,
  async fn() {
    const { code, said } = await helmTest((path) => path === "/streams" ? STREAMS : DATAGEN);
    assertEquals(code, 0, said);
    assertStringIncludes(said, 'ok: consumer_lag_game_frame_rs{client="a"');
    assertStringIncludes(said, "ok: kos_datagen_records_sent_total 7");
  },
});

Deno.test({
  name: "helm test fails when a gauge is missing or nobody serves, and says which",
  ignore: noShell,
  async fn() {
    const without = STREAMS.replace(/^consumer_lag_game_frame_rs.*\n/m, "");
    const missing = await helmTest((path) => path === "/streams" ? without : DATAGEN);
    assertEquals(missing.code, 1, missing.said);
    assertStringIncludes(missing.said, "not ok: no consumer_lag_game_frame_rs at ");
    const down = await helmTest(() => undefined);
    assertEquals(down.code, 1, down.said);
    assertStringIncludes(down.said, "not ok: no consumer_lag_game_frame_rq at ");
  },
});
