/**
 * What can be said of the chart without helm, by its golden renders. `deno task chart` checks that they are what helm
 * makes of the chart now.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { arcadeSizes } from "../../../scripts/support/arcade_sizes.ts";
import { parseQuantity } from "../../../scripts/e2e/quantity.ts";
import { valueDocs, withValuesTable } from "../../../scripts/chart/docs.ts";
import { GOLDEN, goldenFile, goldenHeader } from "../../../scripts/chart/files.ts";
import { flagsFile, valueFlags } from "../../../scripts/chart/flags.ts";
import { schemaFile } from "../../../scripts/chart/values_schema.ts";
import { parseDuration } from "../../../src/cli/parsers.ts";
import { defaultOf } from "../../../src/cli/program.ts";
import { DEFAULT_CONTROL_PORT } from "../../../src/datagen/control.ts";
import { DEFAULT_COMMIT_INTERVAL_MS } from "../../../src/engine/mod.ts";
import { DEFAULT_METRICS_PORT } from "../../../src/metrics/server.ts";
import { memorySize } from "../../../src/streams/memory_size.ts";
import { DEFAULT_GRACE_MS, JOIN_DIFFERENCE_MS } from "../../../src/streams/sessions_topology.ts";
import { DEFAULT_PARTITIONS } from "../../../src/service/settings.ts";
import { APPLICATION_ID } from "../../../src/streams/arcade.ts";
import { parse } from "@std/yaml";
import { chartContract } from "./chart_contract.ts";
import { chartFile, chartYaml, find, goldenRenders, objectsOf } from "./renders.ts";

chartContract("golden renders", await goldenRenders());

Deno.test("the golden renders are of the chart as it is", async () => {
  for (const feature of GOLDEN) {
    const [first] = (await Deno.readTextFile(goldenFile(feature))).split("\n");
    assertEquals(first, await goldenHeader(feature), `${feature}: deno task chart --update`);
  }
});

Deno.test("the README's table is of the values as they are, each with a description or a name that says it", async () => {
  const readme = await chartFile("README.md");
  const docs = valueDocs(await chartFile("values.yaml"));
  assertEquals(withValuesTable(readme, docs), readme, "deno task chart --update");
  assert(docs.length > 100, `only ${docs.length} values were found`);
  assertStringIncludes(readme, "| `kafka.partitions` | `4` | Partitions of the topics that are created");
});

Deno.test("the adapter's rule is the same in the ConfigMap and in the values for the adapter's chart", async () => {
  const { rules } = await chartYaml("files/prometheus-adapter-values.yaml");
  const configMap = find(await objectsOf("operator"), "ConfigMap", "kos-adapter-rule");
  assertEquals(parse(configMap.data["config.yaml"]), { rules: rules.custom });
  assertEquals(
    rules.custom[1].metricsQuery,
    'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>,metric="records-lag"} >= 0)',
  );
});

Deno.test("the autoscaler has the load and, where it is asked to, the original's metrics and targets", async () => {
  const hpa = find(await objectsOf("operator"), "HorizontalPodAutoscaler", "kstreams");
  const { minReplicas, maxReplicas, metrics } = hpa.spec;
  assertEquals([minReplicas, maxReplicas], [1, 4]);
  assertEquals(metrics.length, 3);
  assertEquals(metrics[0].pods, {
    metric: { name: "kos_load" },
    target: { type: "AverageValue", averageValue: "467m" },
  });
  for (const [i, topic] of ["rq", "rs"].entries()) {
    assertEquals(metrics[i + 1], {
      type: "Pods",
      pods: {
        metric: { name: `consumer_lag_game_frame_${topic}` },
        target: { type: "AverageValue", averageValue: "100000" },
      },
    });
  }
});

Deno.test("alerts are of the application's pods, also with a long name, and not of one whose name begins as it does", async () => {
  const rule = find(await objectsOf("operator"), "PrometheusRule", "kos");
  const [, pods] = /pod=~"([^"]+)"/.exec(rule.spec.groups[0].rules[0].expr)!;
  const matches = (pod: string) => new RegExp(`^(?:${pods})$`).test(pod);
  for (const pod of ["kstreams-7d9f8c6b5-x2x9z", "kstreams-7d9fx2x9z"]) assert(matches(pod), pod);
  for (const pod of ["kstreams-eu-7d9f8c6b5-x2x9z", "kstreams-eu-0", "datagen-7d9f8c6b5-x2x9z"]) {
    assert(!matches(pod), pod);
  }
});

Deno.test("what is written from the programs' flags is as they are", async () => {
  assertEquals(await chartFile("files/flags.yaml"), flagsFile(), "deno task chart --update");
  const schema = await chartFile("values.schema.json");
  const docs = valueDocs(await chartFile("values.yaml"));
  assertEquals(schemaFile(schema, docs), schema, "deno task chart --update");
});

Deno.test("every flag of a service and of the generator is a value of the chart, by its name and with its default", async () => {
  const values = await chartYaml("values.yaml");
  // Other defaults, and why: a pod's disk and memory are bounded, Kafka may start at the same time as the programs do.
  const others = new Set(["app.retention", "generator.stallTimeout", "kafka.waitForBroker"]);
  const flags = valueFlags();
  assert(flags.length > 20, `only ${flags.length} flags were found`);
  for (const { path, flag, orZero } of flags) {
    const where = path.join(".");
    const parent = path.slice(0, -1).reduce((at, key) => at[key], values);
    assert(
      Object.hasOwn(parent, path.at(-1)!),
      `values.yaml has no ${where}, so nobody can set ${flag.long}`,
    );
    const value = parent[path.at(-1)!];
    if (others.has(where)) continue;
    const given = value === null || (orZero && value === 0) ? undefined : flag.parse(String(value));
    assertEquals(given, defaultOf(flag), where);
  }
});

Deno.test("the defaults are those of the binaries", async () => {
  const { app, kafka } = await chartYaml("values.yaml");
  assertEquals(app.applicationId, APPLICATION_ID);
  assertEquals(parseDuration(app.commitInterval), DEFAULT_COMMIT_INTERVAL_MS);
  assertEquals(parseDuration(app.grace), DEFAULT_GRACE_MS);
  assertEquals(kafka.partitions, DEFAULT_PARTITIONS);
  const datagen = find(await objectsOf("operator"), "ConfigMap", "datagen").data;
  assertEquals(datagen.KOS_METRICS_PORT, String(DEFAULT_METRICS_PORT));
  assertEquals(datagen.KOS_CONTROL_PORT, String(DEFAULT_CONTROL_PORT));
});

Deno.test("the memory limit is enough for five times the rate that a pod is scaled at, with the chart's retention and grace", async () => {
  const { app, autoscaling, kafka } = await chartYaml("values.yaml");
  const limit = parseQuantity(app.resources.limits.memory);
  const { keyBytes, valueBytes, sessionBytes } = await arcadeSizes();
  const load = {
    recordsPerSecond: 5 * autoscaling.rate.targetPerPod,
    instances: 1,
    partitions: kafka.partitions,
    graceMs: parseDuration(app.grace)!,
    retentionMs: parseDuration(app.retention)!,
    keyBytes,
    valueBytes,
    sessionBytes: sessionBytes(1),
    framesPerSession: 1,
    processingGuarantee: "at_least_once" as const,
    cacheMaxBytes: 0,
    standbyReplicas: 0,
  };
  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    const { totalBytes, stateBytes } = memorySize({ ...load, processingGuarantee });
    assert(totalBytes < limit, `${totalBytes} bytes of ${limit}`);
    // Left out, the budget is half of the limit, and the alert comes at 80 % of that.
    assertEquals(app.stateMaxBytes, null);
    assert(stateBytes < 0.8 * limit / 2, `${stateBytes} bytes of state of ${limit}`);
  }
  // A session is kept until no hit can come for it any more.
  assert(load.retentionMs >= load.graceMs + 2 * JOIN_DIFFERENCE_MS);
});

Deno.test("docs/kubernetes.md raises the load as the notes do, to more than the targets of all pods", async () => {
  const { autoscaling } = await chartYaml("values.yaml");
  const notes = await chartFile("templates/NOTES.txt");
  assertStringIncludes(
    notes,
    `div (mul 3 (int64 .Values.autoscaling.maxReplicas) (int64 .Values.autoscaling.rate.targetPerPod)) 2`,
  );
  const docs = await Deno.readTextFile(new URL("../../../docs/kubernetes.md", import.meta.url));
  const rate = 1.5 * autoscaling.maxReplicas * autoscaling.rate.targetPerPod;
  assertStringIncludes(docs, `curl -X PUT localhost:9011/throughput -d '{"rate": ${rate}}'`);
});
