/**
 * The two systems that are compared, as processes that take the same settings.
 *
 * @module
 */
import { join } from "@std/path";
import { freePort } from "../../scripts/support/ports.ts";
import { type Child, startChild } from "../../scripts/support/processes.ts";
import { type KafkaStreamsBuild, kafkaStreamsBuild } from "./kafka_streams.ts";

/** How often a record may count after a crash. */
export type Guarantee = "at_least_once" | "exactly_once";

/** What a run of either system is given. */
export interface RunSettings {
  readonly brokers: readonly string[];
  /** A new one for each run: it names the consumer group and the changelogs. */
  readonly applicationId: string;
  readonly guarantee: Guarantee;
  /** What both may hold back of aggregates' changes until a commit, in bytes. */
  readonly cacheBytes: number;
  /** Where its output goes. */
  readonly logFile: string;
  /** More variables, `KOS_<FLAG>`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A system that runs the sessions topology. */
export interface System {
  /** As in tables and in JSON. */
  readonly name: SystemName;
  start(settings: RunSettings): Promise<Child>;
}

/** The systems' names. */
export type SystemName = "kos" | "kafka-streams";

/** This repository's streams process, with its default settings. */
export const KOS: System = {
  name: "kos",
  start: (settings) => startKos(settings, freePort()),
};

/**
 * Starts this repository's streams process.
 *
 * @param settings Those left out have the program's defaults.
 * @param metricsPort Where it serves its metrics, on the loopback interface only.
 * @param denoFlags Of `deno run`.
 */
export async function startKos(
  settings: Partial<RunSettings> & Pick<RunSettings, "brokers" | "logFile">,
  metricsPort: number,
  denoFlags: readonly string[] = [],
): Promise<Child> {
  const { brokers, applicationId, guarantee, cacheBytes, logFile, env } = settings;
  const args = [
    "run",
    "-P=streams",
    ...denoFlags,
    new URL("../../src/streams/main.ts", import.meta.url).pathname,
  ];
  if (applicationId !== undefined) args.push("--application-id", applicationId);
  if (guarantee !== undefined) args.push("--processing-guarantee", guarantee);
  if (cacheBytes !== undefined) args.push("--cache-max-bytes", String(cacheBytes));
  return await startChild({
    command: Deno.execPath(),
    args,
    env: {
      KAFKA_BROKERS: brokers.join(","),
      KOS_METRICS_PORT: String(metricsPort),
      KOS_METRICS_HOST: "127.0.0.1",
      KOS_CLIENT_ID: "bench",
      ...env,
    },
    logFile,
  });
}

/**
 * Kafka Streams on the JVM with its default settings, built before when it was not yet.
 *
 * @param javaOptions Options of the JVM; none are its defaults.
 * @throws {ScriptError} Without a JDK or Maven, or when it can't be built.
 */
export async function kafkaStreams(
  javaOptions: readonly string[],
  report: (line: string) => void,
): Promise<System & { readonly build: KafkaStreamsBuild }> {
  const build = await kafkaStreamsBuild(report);
  return {
    name: "kafka-streams",
    build,
    async start({ brokers, applicationId, guarantee, cacheBytes, logFile }): Promise<Child> {
      const stateDir = await Deno.makeTempDir({ prefix: "kos-bench-state-" });
      const settings = {
        "bootstrap.servers": brokers.join(","),
        "application.id": applicationId,
        "processing.guarantee": guarantee === "exactly_once" ? "exactly_once_v2" : guarantee,
        "statestore.cache.max.bytes": cacheBytes,
        "state.dir": stateDir,
      };
      return await startChild({
        command: build.java,
        args: [
          ...javaOptions,
          "-cp",
          join(build.jars, "*"),
          "kos.bench.Sessions",
          ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
        ],
        logFile,
        removeAfter: stateDir,
      });
    },
  };
}
