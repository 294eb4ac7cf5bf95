import { join } from "@std/path";
import { cacheDir, remove } from "./cache.ts";
import { findJava, tryRun } from "./commands.ts";
import { ScriptError } from "./errors.ts";
import { mavenFiles } from "./maven.ts";
import { accepts, freePort, waitFor } from "./ports.ts";
import { startChild } from "./processes.ts";

/** The version of Apicurio Registry that is run. */
export const REGISTRY_VERSION = "2.6.13.Final";
/** How long it may take to answer, in ms: about 3 s on a quiet machine. */
export const REGISTRY_START_TIMEOUT_MS = 120_000;
/** The oldest Java that runs it. */
const OLDEST_JAVA = 17;

/** A registry that ends with this process. */
export interface Registry {
  /** The base URL of Confluent's API, as `SCHEMA_REGISTRY` takes it. */
  readonly url: string;
  /** Ends it; its schemas are gone. Idempotent. */
  stop(): Promise<void>;
}

/** Settings of {@linkcode startRegistry}. */
export interface RegistryOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Told of the progress, a line at a time. */
  readonly report?: (line: string) => void;
}

/** The base URL of Confluent's API of a registry on this port of localhost. */
export function registryUrl(port: number): string {
  return `http://localhost:${port}/apis/ccompat/v7`;
}

/**
 * Starts a registry of its own with nothing in it, and waits until it answers. It ends when this process does, however that ends.
 *
 * @throws {ScriptError} Without Java 17 or newer, when Apicurio can't be fetched, or when the port is in use.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { port = freePort(), report = () => {} } = options;
  await requireFreePort(port);
  const dataDir = await Deno.makeTempDir({ prefix: "kos-registry-" });
  const logFile = `${dataDir}.log`;
  try {
    const start = await prepareRegistry(port, dataDir, report);
    report(`Starting Apicurio Registry ${REGISTRY_VERSION} on localhost:${port}`);
    const child = await startChild({ ...start, logFile, removeAfter: dataDir });
    try {
      await untilRegistryAnswers(port, child.ended, logFile);
    } catch (error) {
      await child.stop();
      throw error;
    }
    return {
      url: registryUrl(port),
      async stop(): Promise<void> {
        await child.stop();
        await remove(logFile);
      },
    };
  } catch (error) {
    await remove(dataDir); // the log stays: the error names it
    throw error;
  }
}

/** @throws {ScriptError} When something listens on the port. */
export async function requireFreePort(port: number): Promise<void> {
  if (await accepts(port)) {
    throw new ScriptError(
      `Cannot start a schema registry on localhost:${port}: received a port that another program listens on; ` +
        `end that, or choose another port`,
    );
  }
}

/**
 * Fetches the registry, if it is not there yet.
 *
 * @param dataDir Where it keeps its schemas.
 * @returns The command that starts it.
 * @throws {ScriptError} Without Java 17 or newer, or when it can't be fetched.
 */
export async function prepareRegistry(
  port: number,
  dataDir: string,
  report: (line: string) => void,
): Promise<{ command: string; args: string[] }> {
  const java = await findJava();
  if (!java || java.version < OLDEST_JAVA) {
    throw new ScriptError(
      `Cannot start a schema registry: received ${
        java ? `Java ${java.version}` : "no Java"
      }; install Java ${OLDEST_JAVA} ` +
        `or newer and Maven, or set SCHEMA_REGISTRY to the URL of a registry; without one, messages name their schemas by fingerprint`,
    );
  }
  const folder = await mavenFiles({
    what: `Apicurio Registry ${REGISTRY_VERSION} (140 MB)`,
    artifacts: [`io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`],
    into: join(cacheDir(), "registry", `apicurio-${REGISTRY_VERSION}`),
    transitive: false,
    report,
    prepare: unpack,
  });
  return {
    command: java.command,
    args: [
      // It idles at 220 MB; the first tier of compilation starts it in half the time.
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Dquarkus.http.host=127.0.0.1",
      `-Dquarkus.http.port=${port}`,
      "-Dquarkus.log.console.color=false",
      `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${databaseFile(dataDir)}`,
      "-jar",
      join(folder, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`),
    ],
  };
}

/** The file of the registry's database, to which the database adds its own ending. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, "registry");
}

/** Replaces the archive by what is in it. */
async function unpack(dir: string): Promise<void> {
  const archive = join(dir, `apicurio-registry-app-${REGISTRY_VERSION}-all.tar.gz`);
  const output = await tryRun("tar", ["-xzf", archive, "-C", dir], 120_000);
  if (!output?.success) {
    throw new ScriptError(
      `Cannot unpack ${archive}: received "${
        output ? output.text.trim().slice(0, 300) : "no such command: tar"
      }"; ` +
        `install tar, or make room on the disk`,
    );
  }
  await Deno.remove(archive);
}

/** Whether a registry with Confluent's API answers on this port. */
export async function registryAnswers(port: number): Promise<boolean> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 5_000);
  try {
    const response = await fetch(`${registryUrl(port)}/subjects`, { signal: abort.signal });
    const subjects: unknown = JSON.parse(await response.text());
    return response.ok && Array.isArray(subjects);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // refused, too slow or another program's answer: in each case no registry
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the registry answers. @throws {ScriptError} When it does not in time or has ended, naming the log. */
export async function untilRegistryAnswers(
  port: number,
  hopeless: () => string | undefined,
  logFile: string,
): Promise<void> {
  await waitFor(() => registryAnswers(port), {
    what: `the schema registry on localhost:${port}`,
    timeoutMs: REGISTRY_START_TIMEOUT_MS,
    hopeless,
    see: `its log, ${logFile}`,
  });
}
