import { join } from "@std/path";
import {
  type BrokerAddresses,
  brokerSettings,
  imageEnvironment,
  JVM_OPTIONS,
  KAFKA_ARTIFACTS,
  KAFKA_IMAGE,
  KAFKA_VERSION,
  LOG4J_CONFIG,
  propertiesFile,
} from "./broker_config.ts";
import { cacheDir, exists, makeDir, remove } from "./cache.ts";
import { dockerWorks, findJava, tryRun } from "./commands.ts";
import { messageOf, ScriptError } from "./errors.ts";
import { mavenFiles, mavenWorks } from "./maven.ts";
import { accepts, freePorts, waitFor } from "./ports.ts";
import { startChild } from "./processes.ts";

/** What can run a broker on this machine. */
export type Runtime = { readonly kind: "java"; readonly java: string } | { readonly kind: "docker" };

/** Time for the first start on a slow machine, or on a busy one. */
export const START_TIMEOUT_MS = 180_000;

/** Where the jars are kept. */
function jarsDir(): string {
  return join(cacheDir(), `kafka-${KAFKA_VERSION}`);
}

/** The folder with Kafka's jars, fetched where they are missing. */
export async function kafkaJars(report: (line: string) => void): Promise<string> {
  return await mavenFiles({
    what: `Kafka ${KAFKA_VERSION}`,
    artifacts: KAFKA_ARTIFACTS,
    into: jarsDir(),
    report,
  });
}

/** What can run a broker here: Java 17 or newer (with Maven, unless the jars are cached), else Docker; with neither, why not. */
export async function findRuntime(): Promise<Runtime | { readonly kind: "none"; readonly reason: string }> {
  const java = await findJava();
  const recent = java !== undefined && java.version >= 17;
  if (recent && ((await exists(jarsDir())) || (await mavenWorks()))) {
    return { kind: "java", java: java.command };
  }
  if (await dockerWorks()) return { kind: "docker" };
  const found = java ? `Java ${java.version}${recent ? " without Maven" : ""}` : "no Java";
  return { kind: "none", reason: `received ${found} and no Docker engine that answers` };
}

/** As {@linkcode findRuntime}. @throws {ScriptError} When there is none, naming the remedies. */
export async function requireRuntime(): Promise<Runtime> {
  const runtime = await findRuntime();
  if (runtime.kind !== "none") return runtime;
  throw new ScriptError(
    `Cannot start a Kafka broker: ${runtime.reason}; install Java 17 or newer and Maven, or start Docker, ` +
      `or set KAFKA_BROKERS to a Kafka that runs already`,
  );
}

/** A command line that runs a broker. */
export interface BrokerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** Fetches the jars where they are missing, formats the data folder where it is new, and gives the command that runs a broker on it. */
export async function prepareJava(
  java: string,
  at: BrokerAddresses & {
    dataDir: string;
    clusterId?: string;
    scramUsers?: Readonly<Record<string, string>>;
  },
  report: (line: string) => void,
): Promise<BrokerCommand> {
  const jars = await kafkaJars(report);
  await makeDir(at.dataDir);
  const properties = join(at.dataDir, "server.properties");
  const log4j = join(at.dataDir, "log4j2.properties");
  await Deno.writeTextFile(properties, propertiesFile(brokerSettings(at)));
  await Deno.writeTextFile(log4j, LOG4J_CONFIG);
  const classPath = ["-cp", join(jars, "*")];
  const logging = `-Dlog4j2.configurationFile=${log4j}`;
  if (!(await exists(join(at.logDir, "meta.properties")))) {
    report(`Formatting the data folder ${at.dataDir}`);
    const args = [...classPath, logging, "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"];
    const output = await tryRun(
      java,
      [
        ...args,
        "--cluster-id",
        at.clusterId ?? clusterId(),
        "--config",
        properties,
        ...scramArgs(at.scramUsers),
      ],
      START_TIMEOUT_MS,
    );
    if (!output?.success) {
      throw new ScriptError(
        `Cannot format ${at.dataDir} for Kafka: received "${output?.text.trim().slice(-600)}"`,
      );
    }
  }
  return { command: java, args: [...JVM_OPTIONS, ...classPath, logging, "kafka.Kafka", properties] };
}

/** What has a new data folder know users of SCRAM, with both hash functions. */
function scramArgs(users: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ])
  );
}

/** The arguments of `docker` that run a broker in a container, without those that name and detach it. */
export function dockerArgs(at: BrokerAddresses): string[] {
  // The image leaves its own settings out when it gets any, so it gets all. It runs as a user that has to own the log
  // folder: it does of this one, a volume of the image.
  const settings = imageEnvironment(brokerSettings(at));
  const environment = { ...settings, CLUSTER_ID: clusterId(), KAFKA_HEAP_OPTS: "-Xms128m -Xmx512m" };
  const flags = Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const ports = [at.port, ...(at.proxied === undefined ? [] : [at.proxied.port])];
  const published = ports.flatMap((port) => ["--publish", `127.0.0.1:${port}:${port}`]);
  return [...published, ...flags, KAFKA_IMAGE];
}

/** The image's folder for its log: a volume that the broker's user owns. */
export const IMAGE_LOG_DIR = "/var/lib/kafka/data";

/** A new cluster id, as Kafka writes them: 16 random bytes in URL-safe Base64, not beginning with a dash. */
export function clusterId(): string {
  for (;;) {
    const id = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    if (!id.startsWith("-")) return id; // it would be taken for a flag
  }
}

/**
 * Whether a Kafka broker answers a metadata request at that port of localhost, and is a member of its cluster by then. Asked by
 * hand, as an open port is not enough and a client library retries and logs.
 */
export async function brokerAnswers(port: number, timeoutMs = 3000): Promise<boolean> {
  let connection: Deno.TcpConn | undefined;
  const close = (): void => {
    connection?.close();
    connection = undefined;
  };
  const timer = setTimeout(close, timeoutMs);
  try {
    connection = await Deno.connect({ hostname: "127.0.0.1", port });
    // Size 17; then Metadata (3) version 1, correlation id 1, client id "kos", no topics.
    await connection.write(
      new Uint8Array([0, 0, 0, 17, 0, 3, 0, 1, 0, 0, 0, 1, 0, 3, 107, 111, 115, 0, 0, 0, 0]),
    );
    // Size, correlation id, number of brokers.
    const answer = new Uint8Array(12);
    for (let at = 0; at < answer.length;) {
      const read = await connection.read(answer.subarray(at));
      if (read === null) return false;
      at += read;
    }
    const view = new DataView(answer.buffer);
    return view.getInt32(4) === 1 && view.getInt32(8) > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // nobody there, not ready yet, or no Kafka: the caller asks again or tells
  } finally {
    clearTimeout(timer);
    close();
  }
}

/** Settings of {@linkcode startBroker}. */
export interface BrokerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** A folder to keep the data in. Default: a new temporary folder that is removed when the broker has ended, however we end. */
  readonly dataDir?: string;
  /** Settings of the broker in the place of ours, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Users of SCRAM with their passwords; for a new data folder, and with Java only. */
  readonly scramUsers?: Readonly<Record<string, string>>;
  /** The cluster that it is one of, and the port of its controller: see `broker_cluster.ts`. Default: a cluster of its own. */
  readonly member?: { readonly clusterId: string; readonly controllerPort: number };
  /** A listener for clients that come by a proxy: see {@linkcode BrokerAddresses}. */
  readonly proxied?: { readonly port: number; readonly advertise: number };
  /** Told of the progress, a line at a time. */
  readonly report?: (line: string) => void;
  /** Ends the wait until it answers, and the broker. */
  readonly signal?: AbortSignal;
}

/** A broker that ends with us. */
export interface Broker {
  /** `localhost:<port>`: for `KAFKA_BROKERS`. */
  readonly bootstrap: string;
  /** Where its log goes. */
  readonly logFile: string;
  /** The process id of the broker itself; of `docker` where it runs in a container. */
  readonly pid: number;
  /** Ends it at once (SIGKILL), as a machine that loses its power; the data stays where it was asked to. */
  kill(): Promise<void>;
  /** Ends it; a temporary data folder goes with it. Idempotent. */
  stop(): Promise<void>;
  /** Ends it and removes its data and log. Idempotent. */
  wipe(): Promise<void>;
}

/**
 * Whoever starts a broker for a while wants its records for as long: those with times of long ago, as tests write
 * them, a broker deletes half a minute after its start where it keeps records for a week.
 */
const KEPT = { "log.retention.ms": "-1" };

/**
 * Starts a real broker for a test or a demo: a child process that ends when this process does. Resolves when it answers.
 *
 * @throws {ScriptError} Without Java and Docker, or when it does not come up, naming its log.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { report = () => {}, scramUsers = {}, proxied, member, signal } = options;
  const temporary = options.dataDir === undefined;
  const settings = { ...(temporary ? KEPT : {}), ...options.settings };
  const clusterOf = member === undefined ? {} : { clusterId: member.clusterId };
  const asked = { settings, ...(proxied === undefined ? {} : { proxied }) };
  const runtime = await requireRuntime();
  const [freeOne, freeTwo] = freePorts(2) as [number, number];
  const controllerPort = member?.controllerPort ?? freeTwo;
  const port = options.port ?? freeOne;
  if (await accepts(port)) {
    throw new ScriptError(
      `Cannot start Kafka on localhost:${port}: received a port that another program listens on`,
    );
  }
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "kos-kafka-" });
  const logFile = temporary ? `${dataDir}.log` : join(dataDir, "kafka.log");
  const container = `kos-kafka-${crypto.randomUUID()}`;
  const bootstrap = `localhost:${port}`;
  const removeAll = async (): Promise<void> => {
    await remove(logFile);
    await wipeData(dataDir);
  };
  try {
    const start = runtime.kind === "java"
      ? await prepareJava(
        runtime.java,
        {
          port,
          controllerPort,
          bindTo: "127.0.0.1",
          dataDir,
          logDir: join(dataDir, "log"),
          scramUsers,
          ...asked,
          ...clusterOf,
        },
        report,
      )
      : {
        command: "docker",
        args: [
          "run",
          "--rm",
          "--name",
          container,
          ...dockerArgs({ port, controllerPort, bindTo: "0.0.0.0", logDir: IMAGE_LOG_DIR, ...asked }),
        ],
      };
    report(`Starting Kafka ${KAFKA_VERSION} on ${bootstrap}`);
    const child = await startChild({ ...start, logFile, removeAfter: temporary ? dataDir : undefined });
    const stop = async (): Promise<void> => {
      await child.stop();
      if (runtime.kind === "docker") await tryRun("docker", ["rm", "--force", "--volumes", container]);
    };
    try {
      await waitFor(() => brokerAnswers(port), {
        what: `Kafka on ${bootstrap}`,
        // The image may have to be pulled first.
        timeoutMs: runtime.kind === "docker" ? 2 * START_TIMEOUT_MS : START_TIMEOUT_MS,
        hopeless: () => signal?.aborted ? "that it is no longer needed" : child.ended(),
        see: logFile,
      });
    } catch (error) {
      await stop();
      throw error;
    }
    const wipe = async (): Promise<void> => {
      await stop();
      await removeAll();
    };
    const kill = async (): Promise<void> => {
      if (runtime.kind === "docker") await tryRun("docker", ["kill", container]);
      await child.kill();
    };
    return { bootstrap, logFile, pid: child.pid, kill, wipe, stop: temporary ? wipe : stop };
  } catch (error) {
    if (temporary) await remove(dataDir);
    // Otherwise the log stays: the error names it.
    if (temporary && signal?.aborted) await remove(logFile);
    throw error;
  }
}

/** Removes what a broker wrote into its data folder, and the folder when nothing else is in it. */
export async function wipeData(dataDir: string): Promise<void> {
  for (const name of ["log", "server.properties", "log4j2.properties"]) await remove(join(dataDir, name));
  try {
    await Deno.remove(dataDir);
  } catch (error) {
    // What someone else put there is not ours to remove; that error has no class of its own.
    const others = (await exists(dataDir)) && [...Deno.readDirSync(dataDir)].length > 0;
    if (!others && !(error instanceof Deno.errors.NotFound)) {
      throw new ScriptError(`Cannot remove ${dataDir}: received "${messageOf(error)}"`, { cause: error });
    }
  }
}
