/**
 * What can be said of the chart without helm, by its golden renders. `deno task chart` checks the rest, and that the renders are
 * what helm makes of the chart now.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { arcadeSizes } from "../../../scripts/support/arcade_sizes.ts";
import { parseQuantity } from "../../../scripts/e2e/quantity.ts";
import { valueDocs, withValuesTable } from "../../../scripts/chart/docs.ts";
import { features, goldenFile, goldenHeader } from "../../../scripts/chart/files.ts";
import { parseDuration } from "../../../src/cli/parsers.ts";
import { type AnyProgram, namedFlags } from "../../../src/cli/program.ts";
import { DEFAULT_CONTROL_PORT } from "../../../src/datagen/control.ts";
import { GEN } from "../../../src/datagen/flags.ts";
import { DEFAULT_COMMIT_INTERVAL_MS } from "../../../src/engine/mod.ts";
import { DEFAULT_METRICS_PORT } from "../../../src/metrics/server.ts";
import { STREAMS } from "../../../src/streams/flags.ts";
import { memorySize } from "../../../src/streams/memory_size.ts";
import { DEFAULT_GRACE_MS, JOIN_DIFFERENCE_MS } from "../../../src/streams/sessions_topology.ts";
import { APPLICATION_ID, DEFAULT_PARTITIONS } from "../../../src/streams/start.ts";
import { parse } from "@std/yaml";
import { allRenders, type Any, chartFile, chartYaml, find, objectsOf, podsOf } from "./renders.ts";

const root = new URL("../../../", import.meta.url);

async function sources(folder: string): Promise<string> {
  let text = "";
  for await (const entry of Deno.readDir(new URL(`src/${folder}/`, root))) {
    if (entry.name.endsWith(".ts")) {
      text += await Deno.readTextFile(new URL(`src/${folder}/${entry.name}`, root));
    }
  }
  return text;
}

Deno.test("the golden renders are of the chart as it is", async () => {
  for (const feature of await features()) {
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
  const configMap = find(await objectsOf("brokers"), "ConfigMap", "kos-adapter-rule");
  assertEquals(parse(configMap.data["config.yaml"]), { rules: rules.custom });
  assertEquals(
    rules.custom[0].metricsQuery,
    'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>,metric="records-lag"} >= 0)',
  );
});

Deno.test("the autoscaler has the original's metrics and targets", async () => {
  const hpa = find(await objectsOf("brokers"), "HorizontalPodAutoscaler", "kstreams");
  const { minReplicas, maxReplicas, metrics } = hpa.spec;
  assertEquals([minReplicas, maxReplicas], [1, 4]);
  for (const [i, topic] of ["rs", "rq"].entries()) {
    assertEquals(metrics[i], {
      type: "Pods",
      pods: {
        metric: { name: `consumer_lag_game_frame_${topic}` },
        target: { type: "AverageValue", averageValue: "100000" },
      },
    });
  }
});

Deno.test("every metric that the autoscaler asks for is one that the adapter's rules make", async () => {
  const { rules } = await chartYaml("files/prometheus-adapter-values.yaml");
  const made = (metric: string) =>
    rules.custom.some((rule: Any) => {
      const matcher = /^\{__name__(=~|=)"([^"]+)"/.exec(rule.seriesQuery)!;
      const series = metric.replace(/_per_second$/, "_total");
      const renamed = rule.name === undefined ? metric === series : rule.name.as === "${1}_per_second";
      return renamed &&
        (matcher[1] === "=" ? matcher[2] === series : new RegExp(`^${matcher[2]}$`).test(series));
    });
  let checked = 0;
  for (const { feature, objects } of await allRenders()) {
    for (const hpa of objects.filter((object) => object.kind === "HorizontalPodAutoscaler")) {
      for (const { pods } of hpa.spec.metrics) {
        checked++;
        assert(made(pods.metric.name), `${feature}: no rule makes ${pods.metric.name}`);
      }
    }
  }
  assert(checked > 10);
});

Deno.test("every variable in the pods is a flag's, or one of the connection's", async () => {
  const variablesOf = (program: AnyProgram) => namedFlags(program).flatMap(({ variable }) => variable ?? []);
  const connection = [...(await sources("kafka")).matchAll(/\benv\("([A-Z_]+)"\)/g)].map(([, name]) => name!);
  assert(
    connection.includes("KAFKA_BROKERS"),
    "src/kafka reads its variables another way: teach it this test",
  );
  const common = [...connection, "KOS_DEBUG"];
  const known: Record<string, Set<string>> = {
    kstreams: new Set([...common, ...variablesOf(STREAMS)]),
    datagen: new Set([...common, ...variablesOf(GEN)]),
  };
  let checked = 0;
  for (const { feature, objects } of await allRenders()) {
    for (const { name, spec } of podsOf(objects)) {
      for (const container of spec.containers) {
        const allowed = known[container.name];
        if (allowed === undefined) continue;
        const maps = (container.envFrom ?? []).map((from: Any) =>
          find(objects, "ConfigMap", from.configMapRef.name)
        );
        const variables = [
          ...maps.flatMap((map: Any) => Object.keys(map.data)),
          ...(container.env ?? []).map((variable: Any) => variable.name),
        ];
        for (const variable of variables) {
          checked++;
          assert(
            allowed.has(variable),
            `${feature}, ${name}: ${variable} is no variable of ${container.name}`,
          );
        }
        for (const map of maps) {
          for (const [key, value] of Object.entries(map.data)) {
            assert(
              typeof value === "string",
              `${feature}: ${key} is no string, so the API server refuses it`,
            );
          }
        }
      }
    }
  }
  assert(checked > 150, `only ${checked} variables were found`);
});

Deno.test("the defaults are those of the binaries", async () => {
  const { streams, kafka } = await chartYaml("values.yaml");
  assertEquals(streams.applicationId, APPLICATION_ID);
  assertEquals(parseDuration(streams.commitInterval), DEFAULT_COMMIT_INTERVAL_MS);
  assertEquals(parseDuration(streams.grace), DEFAULT_GRACE_MS);
  assertEquals(kafka.partitions, DEFAULT_PARTITIONS);
  const datagen = find(await objectsOf("brokers"), "ConfigMap", "datagen").data;
  assertEquals(datagen.KOS_METRICS_PORT, String(DEFAULT_METRICS_PORT));
  assertEquals(datagen.KOS_CONTROL_PORT, String(DEFAULT_CONTROL_PORT));
});

Deno.test("the memory limit is enough for the rate that a pod is scaled at, with the chart's retention and grace", async () => {
  const { autoscaling, kafka, streams } = await chartYaml("values.yaml");
  const limit = parseQuantity(streams.resources.limits.memory);
  const { keyBytes, valueBytes, sessionBytes } = await arcadeSizes();
  const load = {
    recordsPerSecond: autoscaling.rate.targetPerPod,
    instances: 1,
    partitions: kafka.partitions,
    graceMs: parseDuration(streams.grace)!,
    retentionMs: parseDuration(streams.retention)!,
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
    assertEquals(streams.stateMaxBytes, null);
    assert(stateBytes < 0.8 * limit / 2, `${stateBytes} bytes of state of ${limit}`);
  }
  // A session is kept until no hit can come for it any more.
  assert(load.retentionMs >= load.graceMs + 2 * JOIN_DIFFERENCE_MS);
});

Deno.test("every pod meets the restricted pod security standard, and mounts no token", async () => {
  let checked = 0;
  for (const { feature, objects } of await allRenders()) {
    for (const { name, spec } of podsOf(objects)) {
      const where = `${feature}, ${name}`;
      assertEquals(spec.automountServiceAccountToken, false, where);
      assertEquals(spec.enableServiceLinks, false, where);
      assertEquals(spec.securityContext.runAsNonRoot, true, where);
      assertEquals(spec.securityContext.seccompProfile, { type: "RuntimeDefault" }, where);
      assert(spec.securityContext.runAsUser !== 0, where);
      for (const key of ["hostNetwork", "hostPID", "hostIPC"]) assertEquals(spec[key], undefined, where);
      const volumes = new Set((spec.volumes ?? []).map((volume: Any) => volume.name));
      if (name.startsWith("StatefulSet/")) volumes.add("data");
      for (const { securityContext, resources, volumeMounts = [] } of spec.containers) {
        checked++;
        assertEquals(securityContext.allowPrivilegeEscalation, false, where);
        assertEquals(securityContext.readOnlyRootFilesystem, true, where);
        assertEquals(securityContext.capabilities, { drop: ["ALL"] }, where);
        assert(resources.requests.cpu && resources.requests.memory && resources.limits.memory, where);
        for (const mount of volumeMounts) {
          assert(volumes.has(mount.name), `${where}: no volume ${mount.name}`);
        }
      }
      for (const volume of spec.volumes ?? []) {
        const [kind] = Object.keys(volume).filter((key) => key !== "name");
        assert(["emptyDir", "configMap", "secret"].includes(kind!), `${where}: a volume of kind ${kind}`);
      }
    }
  }
  assert(checked > 30);
});

Deno.test("selectors find their pods, and ports that are named are there", async () => {
  let checked = 0;
  for (const { feature, objects } of await allRenders()) {
    const pods = podsOf(objects);
    const selected = (labels: Record<string, string>) =>
      pods.filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value));
    const ports = (of: typeof pods) =>
      of.flatMap((pod) => pod.spec.containers.flatMap((container: Any) => container.ports ?? []));
    for (const { kind, metadata, spec } of objects) {
      const where = `${feature}, ${kind} ${metadata.name}`;
      const labels = kind === "Service"
        ? spec.selector
        : kind === "NetworkPolicy"
        ? spec.podSelector.matchLabels
        : spec?.selector?.matchLabels;
      if (labels === undefined || kind === "PodMonitor") continue;
      checked++;
      assertEquals(selected(labels).length, 1, `${where} selects not exactly the pods of one component`);
      const named = kind === "Service"
        ? spec.ports.map((port: Any) => port.targetPort)
        : kind === "NetworkPolicy"
        ? spec.ingress.flatMap((rule: Any) => rule.ports.map((port: Any) => port.port))
        : [];
      for (const port of named) {
        const there = ports(selected(labels)).some((p: Any) => p.name === port || p.containerPort === port);
        assert(there, `${where}: no container has the port ${port}`);
      }
    }
    for (const pod of pods) {
      for (const container of pod.spec.containers) {
        for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
          const action = container[probe]?.httpGet ?? container[probe]?.tcpSocket;
          if (action === undefined) continue;
          assert(
            container.ports.some((port: Any) => port.name === action.port),
            `${feature}, ${pod.name}: ${probe}`,
          );
        }
      }
    }
  }
  assert(checked > 50);
});

Deno.test("every render has helm's test", async () => {
  for (const { feature, objects } of await allRenders()) {
    const test = objects.find(({ kind, metadata }) => kind === "Pod" && /kos-test$/.test(metadata.name));
    assertEquals(test?.metadata.annotations["helm.sh/hook"], "test", feature);
    assertEquals(test.spec.restartPolicy, "Never", feature);
  }
});

Deno.test("no replicas are written where something scales them, and never two scalers", async () => {
  for (const { feature, objects } of await allRenders()) {
    const scalers = objects.filter(({ kind }) =>
      kind === "HorizontalPodAutoscaler" || kind === "ScaledObject"
    );
    const deployment = objects.find(({ kind, metadata }) =>
      kind === "Deployment" && /kstreams$/.test(metadata.name)
    );
    assert(scalers.length <= 1, feature);
    assertEquals(deployment.spec.replicas === undefined, scalers.length === 1, feature);
    for (const { spec } of scalers) assertEquals(spec.scaleTargetRef.name, deployment.metadata.name, feature);
  }
});
