/** A project for Node that has installed the packed kos, and programs of it that run on the broker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import config from "../../../deno.json" with { type: "json" };
import { freePort } from "../../../scripts/support/ports.ts";
import { Cluster } from "../../../src/kafka/client/cluster.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until } from "../../engine/app/app_contract.ts";
import { ended } from "../../support/ended.ts";
import { npm } from "../../support/node.ts";
import { isReady } from "../../support/ready.ts";
import { brokers, clusterSettings, connection, quiet } from "../kafka/broker.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What a program of `run` has to do, whatever runs it. */
export interface App {
  /** Its folder in the project. */
  readonly name: string;
  /** What its topics and its application id begin with. */
  readonly prefix: string;
  readonly flags: readonly string[];
}

/** Packages of deno.json's import map that a program of examples imports beside kos. */
const PACKAGES: readonly string[] = Object.values(config.imports)
  .filter((target) => /^npm:[^/]+@[\d.]+$/.test(target)).map((target) => target.slice("npm:".length));

/** Makes a project of strict TypeScript, with kos from a packed file. */
export async function makeProject(folder: string, archive: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await Deno.writeTextFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        target: "es2023",
        lib: ["es2024"],
        module: "nodenext",
        types: ["node"],
        skipLibCheck: false,
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: true,
      },
      include: ["*/*.ts"],
      exclude: ["node_modules", "*/*_test.ts", "*/feed.ts"],
    }),
  );
  const kept = PACKAGES.filter((name) => !/^(?:kafkajs|avsc|prom-client|protobufjs|deno-std)@/.test(name));
  await npm(folder, ["install", archive, "typescript@5.9", "@types/node@22", ...kept]);
  // Deno takes the sources instead of what is packed.
  const { "@std/assert": _, ...imports } = config.imports;
  const kos = Object.entries(config.exports).map(([name, path]) => [
    name.replace(/^\./, config.name),
    new URL(path, `file://${ROOT}`).href,
  ]);
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({
      imports: { ...imports, ...Object.fromEntries(kos) },
      permissions: config.permissions,
      nodeModulesDir: "none",
      lock: false,
    }),
  );
}

/** What runs a program: a command, and its arguments before the program's. */
export type Runtime = readonly [command: string, ...args: string[]];

/** Deno with no more than what `streams` may, and the example's own files. */
export function denoOf(folder: string): Runtime {
  const { env, sys } = config.permissions.streams;
  return [
    Deno.execPath(),
    "run",
    "-q",
    "--no-prompt",
    "--no-check",
    "--config",
    join(folder, "deno.json"),
    "--allow-net",
    `--allow-env=${env}`,
    `--allow-sys=${sys}`,
    `--allow-read=${folder}`,
    `--allow-write=${folder}`,
  ];
}

function start(folder: string, runtime: Runtime, app: App, flags: readonly string[] = []): Deno.ChildProcess {
  const [command, ...args] = runtime;
  return new Deno.Command(command, {
    args: [...args, `${app.name}/main.ts`, `--application-id=${app.prefix}app`, ...app.flags, ...flags],
    cwd: folder,
    env: { KAFKA_BROKERS: brokers().join(","), SCHEMA_REGISTRY: "", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** It runs on the broker, with gauges and health, and ends in order by SIGTERM. */
export async function runsOnTheBroker(
  folder: string,
  runtime: Runtime,
  app: App,
  body: (log: KafkaLog) => Promise<void> = async () => {},
): Promise<void> {
  const url = `http://127.0.0.1:${freePort()}`;
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const child = start(folder, runtime, app, [
    `--metrics-port=${new URL(url).port}`,
    "--metrics-host=127.0.0.1",
  ]);
  let over = false;
  child.status.then(() => over = true);
  const output = ended(child);
  try {
    await until("ready", () => over || isReady(url), 60_000);
    assert(!over, over ? (await output).stderr : "");
    await body(log);
    const gauge = new RegExp(`^kos_consumer_lag_records\\{topic="${app.prefix}.*",partition="0"\\} 0$`, "m");
    // fetch asks for gzip.
    const metrics = async () => await (await fetch(`${url}/metrics`)).text();
    await until("nothing is left to process", async () => gauge.test(await metrics()));
    assertMatch(await metrics(), runtime[0] === Deno.execPath() ? /,deno="\d/ : /,deno="",node="\d/);
    child.kill("SIGTERM");
    const { code, stderr } = await output;
    assertEquals(code, 0, stderr);
    // Node 22 warns of its SQLite, and of nothing else.
    if (!app.flags.includes("--store=sqlite")) assert(!stderr.includes("Warning"), stderr);
  } finally {
    if (!over) child.kill("SIGKILL");
    await output;
    await removeTopics(log, app.prefix);
  }
}

async function removeTopics(log: KafkaLog, prefix: string): Promise<void> {
  const cluster = new Cluster(clusterSettings());
  try {
    await log.deleteTopics((await cluster.topicNames()).filter((topic) => topic.startsWith(prefix)));
  } finally {
    await cluster.close();
    await log.close();
  }
}

/** A wrong flag ends it with 2, its help with 0, and a broker that is not there with 1, in one line each. */
export async function refusesWhatIsWrong(folder: string, runtime: Runtime, app: App): Promise<void> {
  const wrong = await ended(start(folder, runtime, app, ["--commit-interval", "soon"]));
  assertEquals([wrong.code, wrong.stdout], [2, ""], wrong.stderr);
  assertMatch(wrong.stderr, /^\S+: Cannot use --commit-interval: received "soon"; [^\n]+\n$/);
  const help = await ended(start(folder, runtime, app, ["--help"]));
  assertEquals([help.code, help.stderr], [0, ""]);
  assertStringIncludes(help.stdout, "KOS_METRICS_PORT");
}
