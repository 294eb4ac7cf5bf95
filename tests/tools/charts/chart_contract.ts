import { assert, assertEquals, assertMatch } from "@std/assert";
import { filesIn } from "../../../scripts/chart/files.ts";
import { type AnyProgram, namedFlags } from "../../../src/cli/program.ts";
import { connectionConfig } from "../../../src/kafka/config.ts";
import { metricTopic } from "../../../src/metrics/lag_metrics.ts";
import { GEN } from "../../../src/datagen/flags.ts";
import { STREAMS } from "../../../src/streams/arcade.ts";
import { type Any, chartYaml, find, podsOf, type Render } from "./renders.ts";
import { assertServed } from "./served_metrics.ts";

const root = new URL("../../../", import.meta.url);

/** The variables by which Kafka and the registry are reached, as the sources name them. */
async function connectionVariables(): Promise<Set<string>> {
  const named = new Set<string>();
  for (const folder of ["src/kafka", "src/serde/avro"]) {
    for (const file of await filesIn(new URL(folder, root).pathname)) {
      const text = await Deno.readTextFile(file);
      const quoted = text.matchAll(/"((?:KAFKA|SCHEMA_REGISTRY|API_KEY|SECRET_KEY|CLOUD)(?:_[A-Z]+)*)"/g);
      for (const [, name] of quoted) named.add(name!);
    }
  }
  return named;
}

/** The mechanism, and whether there is TLS, of the features that have either. */
const PROTOCOLS: Readonly<Record<string, readonly [string, boolean]>> = {
  "keda-kafka": ["plain", true],
  "secret": ["plain", true],
  "scram": ["scram-sha-512", true],
  "oauth": ["oauthbearer", true],
  "mtls": ["none", true],
};

/** What a feature's values say of the application. */
async function valuesOf(feature: string): Promise<{
  readonly name: string;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly inputTopics: readonly string[];
  readonly onLag: boolean;
}> {
  const defaults = await chartYaml("values.yaml");
  const { app = {}, inputTopics = defaults.inputTopics, autoscaling } = await chartYaml(
    `ci/${feature}-values.yaml`,
  );
  const onLag = autoscaling?.lag?.enabled ?? defaults.autoscaling.lag.enabled;
  return { name: app.name ?? defaults.app.name, flags: app.flags ?? {}, inputTopics, onLag };
}

/** A program with flags of its own that have these names. */
function ownProgram(flags: Readonly<Record<string, unknown>>): AnyProgram {
  const table = Object.keys(flags).map((name) => [name, { text: "", parse: String }]);
  return { name: "", description: "", flags: Object.fromEntries(table) };
}

/** What holds for the chart's renders, whatever the values. */
export function chartContract(what: string, renders: readonly Render[]): void {
  Deno.test(`${what}: every metric that the autoscaler asks for is one that the adapter's rules make`, async () => {
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
    for (const { feature, objects } of renders) {
      for (const hpa of objects.filter((object) => object.kind === "HorizontalPodAutoscaler")) {
        for (const { pods } of hpa.spec.metrics) {
          checked++;
          assert(made(pods.metric.name), `${feature}: no rule makes ${pods.metric.name}`);
        }
      }
    }
    assert(checked >= renders.length);
  });

  Deno.test(`${what}: what scales asks for the metric of each input topic that the program serves`, async () => {
    for (const { feature, objects } of renders) {
      const { inputTopics, onLag } = await valuesOf(feature);
      const served = onLag ? inputTopics.map((topic) => `consumer_lag_${metricTopic(topic)}`) : [];
      for (const { kind, spec } of objects) {
        if (kind === "HorizontalPodAutoscaler") {
          const names: string[] = spec.metrics.map(({ pods }: Any) => pods.metric.name);
          assertEquals(names.filter((name) => name.startsWith("consumer_lag_")), served, feature);
        } else if (kind === "ScaledObject" && spec.triggers[0].type === "kafka") {
          assertEquals(spec.triggers.map(({ metadata }: Any) => metadata.topic), inputTopics, feature);
        } else if (kind === "ScaledObject") {
          const queries: string[] = spec.triggers.map(({ metadata }: Any) => metadata.query);
          for (const name of served) {
            assert(queries.some((query) => query.startsWith(`sum(${name}{`)), `${feature}: ${name}`);
          }
        }
      }
    }
  });

  Deno.test(`${what}: every variable in the pods is a flag's, or one of the connection's`, async () => {
    const variablesOf = (program: AnyProgram) =>
      namedFlags(program).flatMap(({ variable }) => variable ?? []);
    const connection = await connectionVariables();
    assert(connection.has("KAFKA_BROKERS"), "src/kafka reads its variables another way: teach it this test");
    const common = [...connection, "KOS_DEBUG"];
    let checked = 0;
    for (const { feature, objects } of renders) {
      const { name, flags } = await valuesOf(feature);
      const known: Record<string, Set<string>> = {
        [name]: new Set([...common, ...variablesOf(STREAMS), ...variablesOf(ownProgram(flags))]),
        datagen: new Set([...common, ...variablesOf(GEN)]),
      };
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
          // What only stands in another variable's value is that one's.
          const isPart = (name: string): boolean =>
            (container.env ?? []).some(({ value }: Any) => value?.includes(`$(${name})`));
          for (const variable of variables) {
            checked++;
            assert(
              // A secret is a variable, or a file that one names.
              allowed.has(variable) || connection.has(variable.replace(/_FILE$/, "")) || isPart(variable),
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
    assert(checked > 10 * renders.length, `only ${checked} variables were found`);
  });

  Deno.test(`${what}: the programs take what their pods are told of Kafka, and get the protocol that is asked for`, () => {
    let checked = 0;
    for (const { feature, objects } of renders) {
      const protocol = PROTOCOLS[feature] ?? ["none", false];
      for (const { name, spec } of podsOf(objects)) {
        const [{ envFrom = [], env = [] }] = spec.containers;
        const data = Object.assign(
          {},
          ...envFrom.map((from: Any) => find(objects, "ConfigMap", from.configMapRef.name).data),
        );
        // Of a Secret, whose values nobody knows here.
        for (const variable of env) data[variable.name] = variable.value ?? "kafka.example:9092";
        if (data.KAFKA_BROKERS === undefined) continue;
        checked++;
        const { ssl, sasl } = connectionConfig((variable) => data[variable]);
        assertEquals([sasl?.mechanism ?? "none", ssl], protocol, `${feature}, ${name}`);
      }
    }
    assert(checked >= renders.length);
  });

  Deno.test(`${what}: every pod meets the restricted pod security standard, and mounts no token`, () => {
    let checked = 0;
    for (const { feature, objects } of renders) {
      for (const { name, spec, claims } of podsOf(objects)) {
        const where = `${feature}, ${name}`;
        assertEquals(spec.automountServiceAccountToken, false, where);
        assertEquals(spec.enableServiceLinks, false, where);
        assertEquals(spec.securityContext.runAsNonRoot, true, where);
        assertEquals(spec.securityContext.seccompProfile, { type: "RuntimeDefault" }, where);
        assert(spec.securityContext.runAsUser !== 0, where);
        for (const key of ["hostNetwork", "hostPID", "hostIPC"]) assertEquals(spec[key], undefined, where);
        const volumes = new Set((spec.volumes ?? []).map((volume: Any) => volume.name));
        for (const claim of claims) volumes.add(claim);
        const containers = [...spec.initContainers ?? [], ...spec.containers];
        assertEquals(spec.ephemeralContainers, undefined, where);
        for (const { securityContext, resources, ports = [], volumeMounts = [] } of containers) {
          checked++;
          assertEquals(
            securityContext,
            {
              allowPrivilegeEscalation: false,
              privileged: false,
              readOnlyRootFilesystem: true,
              runAsNonRoot: true,
              capabilities: { drop: ["ALL"] },
            },
            where,
          );
          for (const port of ports) assertEquals(port.hostPort, undefined, where);
          assert(resources.requests.cpu && resources.requests.memory && resources.limits.memory, where);
          for (const mount of volumeMounts) {
            assert(volumes.has(mount.name), `${where}: no volume ${mount.name}`);
          }
        }
        for (const volume of spec.volumes ?? []) {
          const [kind] = Object.keys(volume).filter((key) => key !== "name");
          assert(
            ["emptyDir", "configMap", "projected"].includes(kind!),
            `${where}: a volume of kind ${kind}`,
          );
        }
      }
    }
    assert(checked > 2 * renders.length);
  });

  Deno.test(`${what}: a Secret's keys are files that are its pod's group's alone, and mounted read-only`, () => {
    for (const { feature, objects } of renders) {
      for (const { name, spec } of podsOf(objects)) {
        const where = `${feature}, ${name}`;
        const mine = spec.securityContext.fsGroup !== undefined;
        for (const { name: volume, projected } of spec.volumes ?? []) {
          if (projected === undefined) continue;
          // Without a group for them the platform gives none, and they would be root's.
          assertEquals(projected.defaultMode, mine ? 0o400 : 0o444, where);
          for (const source of projected.sources) {
            assertEquals(Object.keys(source), ["secret"], where);
            assert(source.secret.items.length > 0, `${where}: all of the Secret ${source.secret.name}`);
          }
          const mounts = spec.containers.flatMap(({ volumeMounts }: Any) =>
            volumeMounts.filter((mount: Any) => mount.name === volume)
          );
          assertEquals(mounts.map(({ readOnly }: Any) => readOnly), [true], `${where}: ${volume}`);
          assertMatch(mounts[0].mountPath, /^\/etc\/kos\/[a-z]+$/, where);
          assertEquals(mounts[0].subPath, undefined, where); // it would not change with its Secret
        }
        for (const { env = [] } of spec.containers) {
          for (const { name: variable, valueFrom } of env) {
            if (valueFrom?.secretKeyRef === undefined) continue;
            // Java's registry reads no files; the others are no secrets, or the user's own.
            assertMatch(
              variable,
              /^(KAFKA_BROKERS|SCHEMA_REGISTRY_USER|SCHEMA_REGISTRY_KAFKASTORE_(BOOTSTRAP_SERVERS|SASL_JAAS_CONFIG)|KOS_API_TOKEN)$/,
              where,
            );
          }
        }
      }
    }
  });

  Deno.test(`${what}: no rule of a NetworkPolicy is open to everybody, but that of Kafka for its namespace`, () => {
    let checked = 0;
    for (const { feature, objects } of renders) {
      for (const { metadata, spec } of objects.filter(({ kind }) => kind === "NetworkPolicy")) {
        for (const { from, ports } of spec.ingress) {
          const where = `${feature}, ${metadata.name}`;
          assert(from?.length > 0 && ports?.length > 0, where);
          for (const { podSelector, namespaceSelector, ipBlock } of from) {
            checked++;
            const named = JSON.stringify(podSelector ?? namespaceSelector ?? ipBlock) !== "{}";
            const open = ["kafka", "http"].includes(ports[0].port) && namespaceSelector === undefined;
            assert(named || open, `${where}: ${JSON.stringify(from)}`);
          }
        }
      }
    }
    assert(checked > 0);
  });

  Deno.test(`${what}: selectors find their pods, and ports that are named are there`, () => {
    let checked = 0;
    for (const { feature, objects } of renders) {
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
    assert(checked > 3 * renders.length);
  });

  Deno.test(`${what}: every render has helm's test`, () => {
    for (const { feature, objects } of renders) {
      const test = objects.find(({ kind, metadata }) => kind === "Pod" && /-test$/.test(metadata.name));
      assertEquals(test?.metadata.annotations["helm.sh/hook"], "test", feature);
      assertEquals(test.spec.restartPolicy, "Never", feature);
    }
  });

  Deno.test(`${what}: no replicas are written where something scales them, and never two scalers`, () => {
    for (const { feature, objects } of renders) {
      const scalers = objects.filter(({ kind }) =>
        kind === "HorizontalPodAutoscaler" || kind === "ScaledObject"
      );
      const workload = objects.find(({ metadata }) =>
        metadata.annotations?.["kos/application-id"] !== undefined
      );
      assert(scalers.length <= 1, feature);
      assertEquals(workload.spec.replicas === undefined, scalers.length === 1, feature);
      for (const { spec: { scaleTargetRef: target } } of scalers) {
        assertEquals([target.kind, target.name], [workload.kind, workload.metadata.name], feature);
      }
    }
  });

  Deno.test(`${what}: KEDA's queries name metrics that are served`, async () => {
    const queries = renders.flatMap(({ feature, objects }) =>
      objects.filter(({ kind }) => kind === "ScaledObject").flatMap(({ spec }) =>
        spec.triggers.filter((trigger: Any) => trigger.type === "prometheus").map((trigger: Any) => ({
          where: feature,
          expression: trigger.metadata.query,
        }))
      )
    );
    await assertServed(queries);
  });
}
