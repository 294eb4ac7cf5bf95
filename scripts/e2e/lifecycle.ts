/**
 * What befalls a release beside the load: helm's test, an upgrade, a rollback, and its end.
 *
 * @module
 */
import { run } from "../chart/tools.ts";
import type { Cluster } from "./cluster.ts";

/** A release in a namespace of its own. */
export interface Release {
  readonly helm: string;
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  /** How its values were given to `helm install`. */
  readonly values: readonly string[];
  readonly cluster: Cluster;
  /** Gets each line of what is done. */
  readonly say: (line: string) => void;
}

/** A change that makes new pods of the application, and none of its Kafka. */
const CHANGE = ["--set", "app.commitInterval=200ms"];

/** Runs `helm test`. @returns What is wrong, and all that helm wrote. */
export async function test(release: Release): Promise<{ failures: string[]; output: string }> {
  const { success, stdout, stderr } = await helm(release, "test", release.name, "--logs");
  const logs = stdout.indexOf("POD LOGS");
  if (logs >= 0) release.say(stdout.slice(logs).trim()); // before them it prints the chart's notes again
  return {
    failures: success ? [] : [`helm test failed: ${stderr.trim()}`],
    output: stdout + stderr,
  };
}

/** Upgrades, and goes back. @returns What is wrong: a step that failed, or a Kafka that did not stay. */
export async function upgradeAndRollBack(release: Release): Promise<string[]> {
  const before = await brokers(release);
  const steps = [
    ["upgrade", release.name, release.chart, ...release.values, ...CHANGE, "--wait", "--timeout=4m"],
    ["rollback", release.name, "1", "--wait", "--timeout=4m"],
  ];
  const failures: string[] = [];
  for (const [verb, ...args] of steps) {
    const { success, stderr } = await helm(release, verb!, ...args);
    if (success) release.say(`helm ${verb}: done, and its pods are ready`);
    else failures.push(`helm ${verb} failed: ${stderr.trim()}`);
  }
  const after = await brokers(release);
  if (before !== after) failures.push(`its Kafka did not stay: the pods were ${before}, and are ${after}`);
  return failures;
}

async function brokers({ cluster }: Release): Promise<string> {
  const pods = await cluster.pods();
  return pods.filter(({ component }) => component === "kafka").map(({ name, uid }) => `${name} (${uid})`)
    .join();
}

/** What is in any namespace, and what the notes tell that stays. */
const STAYS = /^(configmap\/kube-root-ca\.crt|serviceaccount\/default|pod\/.*kos-test.*)$/;

/** Uninstalls, and looks what is left. @returns What is left that nobody tells of. */
export async function uninstall(release: Release): Promise<string[]> {
  const { success, stderr } = await helm(release, "uninstall", release.name, "--wait");
  if (!success) return [`helm uninstall failed: ${stderr.trim()}`];
  const left = await leftovers(release);
  const untold = left.filter((name) => !STAYS.test(name));
  release.say(`helm uninstall leaves ${left.join(", ")}`);
  return untold.length === 0 ? [] : [`helm uninstall leaves ${untold.join(", ")}, of which nobody tells`];
}

/** The objects in the namespace, once pods that are on their way out have gone or had their time. */
async function leftovers({ namespace }: Release): Promise<string[]> {
  const kinds = "all,configmap,secret,serviceaccount,pvc,networkpolicy,pdb,hpa";
  const gone = ["wait", "pod", "--for=delete", "--timeout=100s", "-l", "app.kubernetes.io/component!=test"];
  await run("kubectl", ["--namespace", namespace, ...gone]);
  const { stdout } = await run("kubectl", ["--namespace", namespace, "get", kinds, "-o", "name"]);
  return stdout.split("\n").filter((line) => line !== "");
}

async function helm({ helm, namespace }: Release, ...args: string[]): ReturnType<typeof run> {
  return await run(helm, [...args, "--namespace", namespace]);
}
