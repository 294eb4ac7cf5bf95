/**
 * `deno task kafka`: a real Kafka broker on this machine, in the background. See `--help`.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { integer, text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import {
  brokerAnswers,
  dockerArgs,
  IMAGE_LOG_DIR,
  prepareJava,
  requireRuntime,
  START_TIMEOUT_MS,
  wipeData,
} from "./support/broker.ts";
import { KAFKA_IMAGE, KAFKA_VERSION } from "./support/broker_config.ts";
import { cacheDir, remove, withLock } from "./support/cache.ts";
import { dockerWorks, tryRun } from "./support/commands.ts";
import { ScriptError } from "./support/errors.ts";
import { accepts, freePort, waitFor } from "./support/ports.ts";
import { isAlive, runningPid, startBackground, stopBackground } from "./support/processes.ts";

export { type Broker, type BrokerOptions, startBroker } from "./support/broker.ts";

interface Flags {
  readonly stop: boolean;
  readonly wipe: boolean;
  readonly status: boolean;
  readonly port: number;
  readonly data?: string;
}

/** The broker of one port: its names and files. */
interface Local {
  readonly port: number;
  readonly bootstrap: string;
  readonly dataDir: string;
  readonly logDir: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly container: string;
}

function localBroker(flags: Flags): Local {
  const { port } = flags;
  const dir = join(cacheDir(), "kafka");
  const dataDir = resolve(flags.data ?? join(dir, `data-${port}`));
  return {
    port,
    bootstrap: `localhost:${port}`,
    dataDir,
    logDir: join(dataDir, "log"),
    pidFile: join(dir, `broker-${port}.pid`),
    logFile: join(dir, `broker-${port}.log`),
    container: `kos-kafka-${port}`,
  };
}

/** What the broker of this port runs as now. */
async function running(local: Local): Promise<{ pid: number } | "container" | undefined> {
  const pid = await runningPid(local.pidFile);
  if (pid !== undefined) return { pid };
  const state = await tryRun("docker", [
    "container",
    "inspect",
    "--format",
    "{{.State.Running}}",
    local.container,
  ]);
  return state?.success && state.text.trim() === "true" ? "container" : undefined;
}

async function start(local: Local, flags: Flags): Promise<number> {
  const brokers = Deno.env.get("KAFKA_BROKERS");
  if (brokers) {
    say(`KAFKA_BROKERS is set: the Kafka at ${brokers} is used, so none is started here`);
    return 0;
  }
  const now = await running(local);
  if (now) {
    await untilItAnswers(local, () => undefined);
    say(`Kafka is running already on ${local.bootstrap}`);
    tellWhere(local, now);
    return 0;
  }
  if (await accepts(local.port)) {
    if (await brokerAnswers(local.port)) {
      say(
        `A Kafka that this command did not start answers on ${local.bootstrap} already: use that, or give --port N`,
      );
      return 0;
    }
    throw new ScriptError(
      `Cannot start Kafka on ${local.bootstrap}: received a port that another program listens on; end that, or give --port N`,
    );
  }
  const runtime = await requireRuntime();
  const how = runtime.kind === "java"
    ? await startOnJava(runtime.java, local)
    : await startInDocker(local, flags);
  say(`Kafka ${KAFKA_VERSION} runs on ${local.bootstrap}`);
  tellWhere(local, how);
  return 0;
}

async function startOnJava(java: string, local: Local): Promise<{ pid: number }> {
  const addresses = { ...local, controllerPort: freePort(), bindTo: "127.0.0.1" };
  const command = await prepareJava(java, addresses, progress);
  progress(`Starting Kafka ${KAFKA_VERSION} on ${local.bootstrap}`);
  await remove(local.logFile); // only this run's log: it would grow for ever
  const pid = await startBackground({
    ...command,
    ...local,
    marker: join(local.dataDir, "server.properties"),
  });
  await untilItAnswers(local, () => isAlive(pid) ? undefined : `the end of process ${pid}`);
  return { pid };
}

async function startInDocker(local: Local, flags: Flags): Promise<"container"> {
  if (flags.data !== undefined) {
    throw new ScriptError(
      `Cannot use --data with Docker: received "${flags.data}"; the container keeps its data in the volume ${local.container}`,
    );
  }
  progress(`Starting ${KAFKA_IMAGE} in the Docker container ${local.container}`);
  await tryRun("docker", ["rm", "--force", local.container]); // one that ended
  const volume = ["--volume", `${local.container}:${IMAGE_LOG_DIR}`];
  const addresses = {
    port: local.port,
    controllerPort: local.port === 29093 ? 29094 : 29093,
    bindTo: "0.0.0.0",
  };
  const args = ["run", "--detach", "--name", local.container, ...volume];
  // The image may have to be pulled first.
  const output = await tryRun(
    "docker",
    [...args, ...dockerArgs({ ...addresses, logDir: IMAGE_LOG_DIR })],
    600_000,
  );
  if (!output?.success) {
    throw new ScriptError(
      `Cannot start ${KAFKA_IMAGE}: received "${output?.text.trim().slice(-600)}" from docker`,
    );
  }
  await untilItAnswers(local, () => undefined);
  return "container";
}

async function untilItAnswers(local: Local, hopeless: () => string | undefined): Promise<void> {
  await waitFor(() => brokerAnswers(local.port), {
    what: `Kafka on ${local.bootstrap}`,
    timeoutMs: START_TIMEOUT_MS,
    hopeless,
    see: `its log, ${local.logFile} (in Docker: docker logs ${local.container})`,
  });
}

function tellWhere(local: Local, how: { pid: number } | "container"): void {
  const port = local.port === 9092 ? "" : ` --port ${local.port}`;
  say(how === "container" ? `  container  ${local.container}` : `  process    ${how.pid}`);
  say(`  data       ${how === "container" ? `Docker volume ${local.container}` : local.dataDir}`);
  say(`  log        ${how === "container" ? `docker logs ${local.container}` : local.logFile}`);
  say(`  to stop it deno task kafka --stop${port}    (with its data: --wipe${port})`);
}

async function stop(local: Local): Promise<number> {
  const now = await running(local);
  if (now === "container") await docker(["stop", local.container]);
  else await stopBackground(local.pidFile);
  say(now ? `Kafka on ${local.bootstrap} is stopped` : `No Kafka of this command runs on ${local.bootstrap}`);
  return 0;
}

async function wipe(local: Local): Promise<number> {
  await stop(local);
  await wipeData(local.dataDir);
  await remove(local.logFile);
  if (await dockerWorks()) {
    await docker(["rm", "--force", local.container]);
    await docker(["volume", "rm", "--force", local.container]);
  }
  say(`Its data is removed`);
  return 0;
}

async function docker(args: string[]): Promise<void> {
  const output = await tryRun("docker", args, 60_000);
  if (output?.success || output?.text.includes("No such container")) return;
  throw new ScriptError(`Cannot run docker ${args.join(" ")}: received "${output?.text.trim()}"`);
}

async function status(local: Local): Promise<number> {
  const now = await running(local);
  const answers = await brokerAnswers(local.port);
  if (now) {
    say(`Kafka ${answers ? "runs" : "is running but does not answer (yet)"} on ${local.bootstrap}`);
    tellWhere(local, now);
  } else if (answers) say(`A Kafka that this command did not start answers on ${local.bootstrap}`);
  else say(`No Kafka runs on ${local.bootstrap}; deno task kafka starts one`);
  return answers ? 0 : 1;
}

/** The task and its flags. */
export const KAFKA: Program<Flags> = {
  name: "kafka",
  task: true,
  description: [
    `Starts a real Kafka ${KAFKA_VERSION} broker in the background, by Java 17 or newer and Maven, else by Docker.`,
    "With KAFKA_BROKERS set, that Kafka is used and none started. KOS_CACHE names the folder for jars and data.",
  ],
  prefix: "KOS_KAFKA_",
  flags: {
    stop: toggle("stop it; its data stays", { variable: false, excludes: ["wipe", "status"] }),
    wipe: toggle("stop it and remove its data", { variable: false, excludes: ["status"] }),
    status: toggle("say whether it runs; exit 1 when none answers", { variable: false }),
    port: {
      value: "<N>",
      text: "the port of localhost to listen on",
      parse: integer({ min: 1, max: 65_535 }),
      default: 9092,
    },
    data: {
      value: "<DIR>",
      text: "the folder for its data",
      parse: text("a folder"),
      defaultText: "in the cache folder",
    },
  },
};

/** Runs the command line. @returns The exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram("kafka", async () => {
    const flags = parseArguments(KAFKA, args);
    const local = localBroker(flags);
    if (flags.status) return await status(local);
    // One start or stop at a time, so that two at once don't format or start twice.
    return await withLock(
      `${local.pidFile}.lock`,
      () => flags.wipe ? wipe(local) : flags.stop ? stop(local) : start(local, flags),
    );
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
