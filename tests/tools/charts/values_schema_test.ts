import { assert, assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import { features } from "../../../scripts/chart/files.ts";
import { type Any, chartFile, chartYaml } from "./renders.ts";

const schema: Any = JSON.parse(await chartFile("values.schema.json"));
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const validate = ajv.compile(schema);

/** What the schema has against these values; empty when nothing. */
function against(values: unknown): string[] {
  validate(values);
  return (validate.errors ?? []).map((error: Any) =>
    `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`
  );
}

/** The maps in a value by their paths, itself included. */
function* maps(value: Any, path: string[] = []): Generator<string[]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  yield path;
  for (const [key, inner] of Object.entries(value)) yield* maps(inner, [...path, key]);
}

function schemaAt(path: readonly string[]): Any {
  let at = schema;
  for (const key of path) {
    at = at.properties?.[key] ?? at.additionalProperties;
    if (at?.$ref) at = schema.definitions[at.$ref.split("/").at(-1)];
  }
  return at;
}

Deno.test("the schema is valid, and takes the default values and those of each feature", async () => {
  assert(ajv.validateSchema(schema), JSON.stringify(ajv.errors));
  assertEquals(against(await chartYaml("values.yaml")), []);
  for (const feature of await features()) {
    // Helm has removed a null by then.
    const values = JSON.parse(
      JSON.stringify(await chartYaml(`ci/${feature}-values.yaml`)),
      (_, value) => value ?? undefined,
    );
    assertEquals(against(values), [], feature);
  }
});

Deno.test("every value has a schema, and every map refuses a key that it does not know, by its path", async () => {
  const defaults = await chartYaml("values.yaml");
  let closed = 0;
  for (const path of maps(defaults)) {
    const own = schemaAt(path);
    assert(own !== undefined, `${path.join(".")} has no schema`);
    if (own.additionalProperties !== false) {
      // Maps whose keys are the user's own: labels, annotations, quantities, Kafka's settings.
      assert(
        own.additionalProperties?.$ref || own.additionalProperties?.type,
        `${path.join(".")} takes anything`,
      );
      continue;
    }
    const values = structuredClone(defaults);
    const at = path.reduce((at: Any, key) => at[key], values);
    at.misspelt = true;
    const errors = against(values);
    assertEquals(errors.length, 1, `${path.join(".")}: ${errors}`);
    const where = path.map((key) => `/${key}`).join("");
    assert(errors[0]!.startsWith(`${where} must NOT have additional properties`), errors[0]);
    closed++;
  }
  assert(closed > 40, `only ${closed} maps are closed`);
});

Deno.test("every key of the schema is one of values.yaml", async () => {
  const defaults = await chartYaml("values.yaml");
  const missing: string[] = [];
  const compare = (own: Any, value: Any, path: string) => {
    for (const [key, inner] of Object.entries<Any>(own.properties ?? {})) {
      const at = path === "" ? key : `${path}.${key}`;
      // "global" is Helm's, the next two are refused by a template, which says what they are called now. A definition
      // describes what is inside of a value: an image's keys, say.
      if (["global", "streams", "datagen"].includes(at)) continue;
      if (!(key in (value ?? {}))) missing.push(at);
      else if (!inner.$ref) compare(inner, value[key], at);
    }
  };
  compare(schema, defaults, "");
  assertEquals(missing, []);
});

for (
  const [what, values, where] of [
    ["a word for a number", { autoscaling: { maxReplicas: "four" } }, "/autoscaling/maxReplicas"],
    ["no replicas at most", { autoscaling: { maxReplicas: 0 } }, "/autoscaling/maxReplicas"],
    ["more partitions than the programs take", { kafka: { partitions: 10_001 } }, "/kafka/partitions"],
    ["no time where there has to be some", { app: { commitInterval: "0s" } }, "/app/commitInterval"],
    ["no topics", { inputTopics: [] }, "/inputTopics"],
    ["a topic twice", { inputTopics: ["a", "a"] }, "/inputTopics"],
    ["what is no topic's name", { inputTopics: ["orders", "a b"] }, "/inputTopics/1"],
    ["a dot for a topic", { inputTopics: [".."] }, "/inputTopics/0"],
    ["an empty topic", { inputTopics: [""] }, "/inputTopics/0"],
    ["a topic by itself", { inputTopics: "orders" }, "/inputTopics"],
    [
      "a guarantee that is none",
      { app: { processingGuarantee: "exactly-once" } },
      "/app/processingGuarantee",
    ],
    ["an unknown store", { app: { store: "rocksdb" } }, "/app/store"],
    ["a negative number of standbys", { app: { standbyReplicas: -1 } }, "/app/standbyReplicas"],
    ["an unknown workload", { app: { workload: "DaemonSet" } }, "/app/workload"],
    ["an own flag with an underscore", { app: { flags: { MIN_AMOUNT: 5 } } }, "/app/flags"],
    ["an own flag that is a map", { app: { flags: { amount: {} } } }, "/app/flags/amount"],
    ["a name in capitals", { app: { name: "Shop" } }, "/app/name"],
    ["half a replica", { autoscaling: { maxReplicas: 2.5 } }, "/autoscaling/maxReplicas"],
    ["a time without a unit", { app: { grace: "30" } }, "/app/grace"],
    ["a number for a time", { app: { commitInterval: 100 } }, "/app/commitInterval"],
    ["brokers without a port", { kafka: { brokers: "kafka" } }, "/kafka/brokers"],
    ["brokers with a protocol", { kafka: { brokers: "SASL_SSL://kafka:9092" } }, "/kafka/brokers"],
    ["brokers as a list", { kafka: { brokers: ["kafka:9092"] } }, "/kafka/brokers"],
    ["a negative rate", { generator: { rate: -1 } }, "/generator/rate"],
    ["a rate in words", { generator: { rate: "fast" } }, "/generator/rate"],
    ["the root user", { runAsUser: 0 }, "/runAsUser"],
    ["an unknown way to scrape", { metrics: { scrape: "podmonitor" } }, "/metrics/scrape"],
    [
      "a digest without its kind",
      { app: { image: { repository: "r", digest: "abc" } } },
      "/app/image/digest",
    ],
    ["a registry without a protocol", { schemaRegistry: { url: "registry:8081" } }, "/schemaRegistry/url"],
    ["a Secret's name in capitals", { existingSecret: "Confluent" }, "/existingSecret"],
    [
      "a resource that is no quantity",
      { generator: { resources: { limits: { memory: "1 GB" } } } },
      "/generator/resources",
    ],
    ["a wrong log level", { app: { logLevel: "trace" } }, "/app/logLevel"],
  ] as const
) {
  Deno.test(`the schema refuses ${what}, by the path of the key`, () => {
    const errors = against(values);
    assert(errors.some((error) => error.startsWith(where)), `received ${JSON.stringify(errors)}`);
  });
}

Deno.test("the schema takes what the binaries take", () => {
  for (
    const values of [
      { kafka: { brokers: "a:9092, b-2.example:19092,[::1]:9092" } },
      { generator: { rate: "max" } },
      { generator: { rate: 0 } },
      { generator: { machines: "fallback" } },
      { inputTopics: ["orders", "Order.Items_v2"], autoscaling: { minReplicas: 0 } },
      { app: { flags: { "min-amount": 5, dry: true, token: "" }, deadLetterTopic: null, cacheMaxBytes: 0 } },
      { app: { grace: "1m30s", retention: "0s", commitInterval: "500ms" } },
      { app: { resources: { requests: { cpu: 0.5, memory: "1.5Gi" } } } },
      { global: { anything: true } },
    ]
  ) assertEquals(against(values), []);
});
