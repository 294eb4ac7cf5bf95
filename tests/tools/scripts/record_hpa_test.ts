import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { recordHpa } from "../../../scripts/record_hpa.ts";
import { autoscalersOf } from "../../../scripts/record_hpa/autoscalers.ts";
import { logEntries } from "../../../scripts/record_hpa/controller_log.ts";
import { SeenPods } from "../../../scripts/record_hpa/pods.ts";
import { kindsOf, parseRecording, podsOf, recordingText } from "../../../scripts/record_hpa/recording.ts";
import { recordingsOf } from "../../../scripts/record_hpa/syncs.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const POLICIES = [{ type: "Pods", value: 4, periodSeconds: 15 }];
const RULES = { stabilizationWindowSeconds: 0, selectPolicy: "Max", policies: POLICIES };

/** As `kubectl get hpa -o json` prints it. */
function hpas(behavior?: unknown, metric: unknown = podsMetric("kos_load", "700m")): string {
  const spec = {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    maxReplicas: 4,
    metrics: [metric],
    behavior,
  };
  return JSON.stringify({ kind: "List", items: [{ metadata: { namespace: "ns", name: "auto" }, spec }] });
}

function podsMetric(name: string, averageValue: string): unknown {
  return { type: "Pods", pods: { metric: { name }, target: { type: "AverageValue", averageValue } } };
}

/** An event of the pods' watch. */
function event(name: string, version: number, status: unknown): string {
  const metadata = {
    name,
    namespace: "ns",
    resourceVersion: `${version}`,
    labels: { app: name.split("-")[0] },
  };
  return JSON.stringify({ type: "MODIFIED", object: { kind: "Pod", metadata, status } });
}

const READY = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const WATCH = [
  event("web-1", 10, { phase: "Pending" }),
  event("web-1", 11, READY),
  event("web-2", 20, { phase: "Pending" }),
  event("web-2", 21, { phase: "Running" }),
  event("other-1", 30, READY),
].join("\n") + "\n";

/** A line of the log, at a second of a minute. */
function line(second: number, message: string, rest: string): string {
  return `I1126 07:40:${second.toFixed(6).padStart(9, "0")}   16177 file.go:1] "${message}" ${rest}\n`;
}

function body(second: number, of: "Request" | "Response", json: unknown): string {
  return line(second, `${of} Body`, `logger="horizontal" body=<\n\t${JSON.stringify(json)}\n >`);
}

function scale(replicas: number): unknown {
  return {
    kind: "Scale",
    metadata: { name: "web", namespace: "ns" },
    spec: { replicas },
    status: { selector: "app=web" },
  };
}

function metrics(values: Record<string, string>): unknown {
  const items = Object.entries(values).map(([name, value]) => ({
    describedObject: { kind: "Pod", namespace: "ns", name },
    metric: { name: "kos_load" },
    value,
  }));
  return { kind: "MetricValueList", items };
}

const proposing = (second: number, replicas: number): string =>
  line(
    second,
    "Proposing desired replicas",
    `desiredReplicas=${replicas} metric="pods metric kos_load" scaleTarget="Deployment/ns/web"`,
  );
const created = (second: number, pod: string): string =>
  line(second, "Pod created", `pod="ns/${pod}" detail="&Pod{a \\"b\\"}"`);
const updated = (second: number, pod: string, version: number): string =>
  line(
    second,
    "Pod objectMeta updated.",
    `pod="ns/${pod}" oldObjectMeta={"resourceVersion":"1","labels":{}} ` +
      `curObjectMeta={"resourceVersion":"${version}","labels":{"app":"web"}}`,
  );

const LOG = created(0, "web-1") + updated(0.5, "web-1", 11) + created(0.6, "other-1") +
  // Three times the target; the answer to its own request is no new sync.
  body(1, "Response", scale(1)) + body(1.1, "Response", metrics({ "web-1": "2100m", "other-1": "9" })) +
  proposing(1.25, 3) + body(1.3, "Request", scale(3)) + body(1.4, "Response", scale(3)) +
  line(1.5, "Successfully rescaled", 'HPA="ns/auto" currentReplicas=1 desiredReplicas=3') +
  created(2, "web-2") +
  // Nothing can be read.
  body(6, "Response", scale(3)) +
  line(
    6.5,
    "Unhandled Error",
    'err="failed to compute desired number of replicas … for Deployment/ns/web: invalid metrics"',
  ) +
  updated(7, "web-2", 21) +
  // Somebody else was quicker.
  body(11, "Response", scale(3)) + body(11.1, "Response", metrics({ "web-1": "100m" })) +
  proposing(11.25, 1) + body(11.3, "Request", scale(1)) +
  line(11.5, "Unhandled Error", 'err="failed to rescale Deployment/ns/web: Operation cannot be fulfilled"') +
  line(12, "Pod deleted", 'delete_by="replicaset.(*ReplicaSetController).updatePod" pod="ns/web-2"') +
  body(16, "Response", scale(3)) + body(16.1, "Response", metrics({ "web-1": "1" })) + proposing(16.25, 3) +
  line(16.3, "Decided not to scale", 'scaleTarget="Deployment/ns/web" desiredReplicas=3 lastScaleTime="x"') +
  line(17, "Pod deleted", 'delete_by="replicaset.NewBaseController.func7" pod="ns/web-2"') +
  body(21, "Response", scale(0)) + "a line of no form\n" +
  line(21.5, "Decided not to scale", 'scaleTarget="Deployment/ns/web" desiredReplicas=0');

Deno.test("a controller's log and the pods' watch become a timeline, sync by sync", () => {
  const { spec, syncs } = recordingsOf(autoscalersOf(hpas()), LOG, WATCH).get("auto")!;
  assertEquals(spec, { minReplicas: 1, maxReplicas: 4, targets: { kos_load: 0.7 } });
  assertEquals(syncs, [
    { at: 0, replicas: 1, pods: { "ready 2100": 1 }, wants: 3, by: "kos_load", sets: 3 },
    { at: 5.25, replicas: 3, pods: { "ready -": 1, "pending": 1 }, sets: 3 },
    {
      at: 10,
      replicas: 3,
      pods: { "ready 100": 1, "unready -": 1 },
      wants: 1,
      by: "kos_load",
      sets: 1,
      refused: true,
    },
    { at: 15, replicas: 3, pods: { "ready 1000": 1, "deleting": 1 }, wants: 3, by: "kos_load", sets: 3 },
    { at: 20.25, replicas: 0, pods: { "ready -": 1 }, sets: 0 },
  ]);
});

Deno.test("a behavior that leaves the window down to the controller has the controller's", () => {
  const { stabilizationWindowSeconds: _, ...open } = RULES;
  const { spec } = autoscalersOf(hpas({ scaleUp: RULES, scaleDown: open }))[0]!;
  assertEquals(spec, {
    minReplicas: 1,
    maxReplicas: 4,
    targets: { kos_load: 0.7 },
    behavior: { scaleUp: RULES, scaleDown: { ...open, stabilizationWindowSeconds: 300 } },
  });
});

Deno.test("a timeline's file has what was written, pods by their kinds", () => {
  const pods = [
    { state: "ready", values: { lag: 7, rate: undefined } },
    { state: "ready", values: { lag: 7, rate: undefined } },
    { state: "pending", values: { lag: 9 } },
  ] as const;
  const kinds = kindsOf(["lag", "rate"], pods);
  assertEquals(kinds, { "ready 7 -": 2, "pending": 1 });
  assertEquals(podsOf(["lag", "rate"], kinds), [
    { state: "ready", values: { lag: 7 } },
    { state: "ready", values: { lag: 7 } },
    { state: "pending", values: {} },
  ]);
  const { spec } = autoscalersOf(hpas())[0]!;
  const recording = { spec, syncs: [{ at: 0.25, replicas: 3, pods: kinds, sets: 3 }] };
  assertEquals(parseRecording(recordingText(recording)), recording);
});

Deno.test("klog's entries: values that are quoted, of JSON, of several lines, or a word", () => {
  const [entry, ...more] = logEntries(
    'I0301 01:00:01.500000       7 a.go:1] "It \\"is\\"" ' +
      'one="a \\"b\\"" two={"c":"d e"} three=4 body=<\n\tf\n\tg\n >\n',
  );
  assertEquals(more, []);
  assertEquals(entry!.message, 'It \\"is\\"');
  assertEquals(entry!.values, { one: 'a "b"', two: '{"c":"d e"}', three: "4", body: "f\n\tg" });
});

Deno.test("what is no list of autoscalers, no watch, or can't be followed is named", () => {
  const refuses = (body: () => unknown, message: string) => assertThrows(body, ScriptError, message);
  refuses(() => autoscalersOf('{"kind":"HorizontalPodAutoscaler"}'), "received a HorizontalPodAutoscaler");
  refuses(() => autoscalersOf("null"), "expected the list of kubectl get hpa -o json");
  refuses(() => autoscalersOf("{"), "expected the list of kubectl get hpa -o json");
  refuses(() => autoscalersOf(hpas(undefined, { type: "Resource" })), "received a metric of type Resource");
  refuses(() => new SeenPods("{\n"), 'received "{" in line 1');
  refuses(() => new SeenPods(WATCH).selected("ns", "app in (web)"), "expected only name=value");
  const lost = body(1, "Response", scale(1)) +
    line(2, "Unhandled Error", 'err="failed to update status for Deployment/ns/web: gone"');
  refuses(() => recordingsOf(autoscalersOf(hpas()), lost, WATCH), "record it once more");
});

Deno.test("the task writes a file for each autoscaler, or says where the controller's flags are", async () => {
  await withDirectoryWhile(async (directory) => {
    const file = (name: string): string => join(directory, name);
    await Deno.writeTextFile(file("pods.json"), WATCH);
    await Deno.writeTextFile(file("hpas.json"), hpas());
    const out = file("out");
    const run = async (log: string): Promise<string[]> => {
      await Deno.writeTextFile(file("kcm.log"), log);
      const told: string[] = [];
      const flags = ["--log", file("kcm.log"), "--pods", file("pods.json"), "--hpas", file("hpas.json")];
      await recordHpa([...flags, "--out", out], (text) => told.push(text));
      return told;
    };
    await assertRejects(() => run(""), ScriptError, "the log has no sync of it");
    assertEquals(await run(LOG), [`${join(out, "auto.jsonl")}: 5 syncs`]);
    assertEquals(parseRecording(await Deno.readTextFile(join(out, "auto.jsonl"))).syncs.length, 5);
  });
});
