/**
 * The `streams` binary: runs the sessions topology on Kafka.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { command, flag, logLevelFlag, parseArguments, toggle } from "../cli/command.ts";
import { createLogger, type LogLevel } from "../cli/log.ts";
import { main } from "../cli/main.ts";
import { waitForBrokerFlag } from "../cli/wait_for_broker_flag.ts";
import { memoryLimit } from "../cli/memory_limit.ts";
import { choice, duration, integer, text as nonEmpty } from "../cli/parsers.ts";
import { SchemaRegistry } from "../serde/mod.ts";
import {
  DEFAULT_COMMIT_INTERVAL_MS,
  DEFAULT_RETENTION_MS,
  DEFAULT_STALL_TIMEOUT_MS,
  DEFAULT_STATE_DIR,
} from "../engine/mod.ts";
import { connectionConfig, openKafkaLog, WaitInterrupted } from "../kafka/mod.ts";
import { DEFAULT_METRICS_PORT } from "../metrics/server.ts";
import { DEFAULT_GRACE_MS, sessionsTopology } from "./sessions_topology.ts";
import { APPLICATION_ID, DEFAULT_PARTITIONS, type FailureChoice, startStreams } from "./start.ts";
import { VERSION } from "../cli/version.ts";
import { writeAll } from "../cli/write.ts";

interface Flags {
  describe: boolean;
  applicationId: string;
  clientId: string;
  commitInterval: number;
  grace: number;
  retention: number;
  partitions: number;
  replicationFactor?: number;
  onUndecodable: FailureChoice;
  onProcessingError: FailureChoice;
  onProductionError: FailureChoice;
  deadLetterTopic?: string;
  onMissingTopic: "fail" | "wait";
  advertise: string;
  processingGuarantee: "at_least_once" | "exactly_once";
  standbyReplicas: number;
  store: "memory" | "sqlite";
  stateDir: string;
  cacheMaxBytes: number;
  stateMaxBytes?: number;
  onStateFull: "fail" | "disk";
  groupInstanceId?: string;
  sessionTimeout: number;
  stallTimeout: number;
  metricsPort: number;
  metricsHost: string;
  waitForBroker: number;
  logLevel: LogLevel;
}

/** The binary's flags. */
function flagsOf(): Command {
  return command(
    "streams",
    "Joins answered game frames, decodes their hits and writes the sessions to SESSIONS.",
    VERSION,
  )
    .addOption(toggle("--describe", "print the topology and exit"))
    .addOption(
      flag("--application-id <id>", "names the consumer group and the changelogs", {
        parse: text,
        default: APPLICATION_ID,
      }),
    )
    .addOption(flag("--client-id <id>", "names this instance in connections and gauges", {
      parse: text,
      default: Deno.hostname(),
      defaultText: "the host's name",
    }))
    .addOption(flag("--commit-interval <time>", "how often outputs are flushed and offsets committed", {
      parse: duration({ min: 1 }),
      default: DEFAULT_COMMIT_INTERVAL_MS,
      defaultText: "100ms",
    }))
    .addOption(flag("--grace <time>", "how late a frame may come to be joined", {
      parse: duration(),
      default: DEFAULT_GRACE_MS,
      defaultText: "30s",
    }))
    .addOption(flag("--retention <time>", "how long a session is kept after its last hit; 0s keeps all", {
      parse: duration(),
      default: DEFAULT_RETENTION_MS,
      defaultText: "1h",
    }))
    .addOption(flag("--partitions <count>", "of topics that are created because they are missing", {
      parse: integer({ min: 1, max: 10_000 }),
      default: DEFAULT_PARTITIONS,
    }))
    .addOption(
      flag("--replication-factor <count>", "of topics that are created (default: 1, in the cloud 3)", {
        parse: integer({ min: 1, max: 100 }),
      }),
    )
    .addOption(
      flag("--on-undecodable <what>", "a record that can't be decoded: continue, fail or dead-letter", {
        parse: choice("continue", "fail", "dead-letter"),
        default: "continue",
      }),
    )
    .addOption(
      flag(
        "--on-processing-error <what>",
        "a record that a processor throws at: fail, continue or dead-letter",
        {
          parse: choice("fail", "continue", "dead-letter"),
          default: "fail",
        },
      ),
    )
    .addOption(
      flag(
        "--on-production-error <what>",
        "a record that can't be encoded, or is refused for good: fail, continue or dead-letter",
        { parse: choice("fail", "continue", "dead-letter"), default: "fail" },
      ),
    )
    .addOption(
      flag(
        "--dead-letter-topic <name>",
        "where dead letters go, with why in headers (default: <application id>-dead-letters)",
        { parse: nonEmpty("a topic's name") },
      ),
    )
    .addOption(
      flag(
        "--on-missing-topic <what>",
        "a source topic that is deleted while it is read: fail or wait for it",
        {
          parse: choice("fail", "wait"),
          default: "fail",
        },
      ),
    )
    .addOption(
      flag("--processing-guarantee <which>", "at_least_once, or exactly_once with transactions", {
        parse: choice("at_least_once", "exactly_once"),
        default: "at_least_once",
      }),
    )
    .addOption(
      flag(
        "--standby-replicas <count>",
        "instances that keep each task's stores current, to take over at once",
        {
          parse: integer({ max: 100 }),
          default: 0,
        },
      ),
    )
    .addOption(
      flag("--store <where>", "where state is kept: memory, or sqlite for on disk", {
        parse: choice("memory", "sqlite"),
        default: "memory",
      }),
    )
    .addOption(
      flag("--cache-max-bytes <bytes>", "changes of sessions held back until a commit; 0: all go out", {
        parse: integer(),
        default: 0,
      }),
    )
    .addOption(
      flag(
        "--state-max-bytes <bytes>",
        "memory that state may take; 0: no limit (default: half of the container's limit; without one none)",
        { parse: integer() },
      ),
    )
    .addOption(
      flag("--on-state-full <what>", "above that: fail, or disk to move the stores there, once", {
        parse: choice("fail", "disk"),
        default: "fail",
      }),
    )
    .addOption(
      flag("--state-dir <path>", "where state on disk is kept; each instance needs its own", {
        parse: text,
        default: DEFAULT_STATE_DIR,
      }),
    )
    .addOption(
      flag(
        "--group-instance-id <id>",
        "static membership: a restart within the session timeout moves no task",
        { parse: text },
      ),
    )
    .addOption(
      flag("--session-timeout <time>", "without a heartbeat for so long an instance is taken for dead", {
        parse: duration({ min: 1_000 }),
        default: 10_000,
        defaultText: "10s",
      }),
    )
    .addOption(
      flag("--stall-timeout <time>", "without progress for so long /healthz fails; 0s: never", {
        parse: duration(),
        default: DEFAULT_STALL_TIMEOUT_MS,
        defaultText: "60s",
      }),
    )
    .addOption(flag("--metrics-port <port>", "of /metrics, /healthz and /readyz; 0: any free one", {
      parse: integer({ max: 65_535 }),
      default: DEFAULT_METRICS_PORT,
    }))
    .addOption(
      flag("--metrics-host <address>", "where the metrics port listens", { parse: text, default: "0.0.0.0" }),
    )
    .addOption(
      flag("--advertise <address>", "where others reach this one's /stores, as host or host:port", {
        parse: address,
        default: Deno.hostname(),
        defaultText: "the host's name, and the metrics port",
      }),
    )
    .addOption(waitForBrokerFlag())
    .addOption(logLevelFlag());
}

/** The part of a container's memory that state may take: the rest is the process, its buffers, and what grows before the old is freed. */
const STATE_PART = 0.5;

/** What the flag stands for, 0 and left out too. */
function stateMaxBytes(flag: number | undefined): number {
  if (flag === undefined) return Math.floor((memoryLimit() ?? Infinity) * STATE_PART);
  return flag === 0 ? Infinity : flag;
}

function text(value: string): string {
  return value;
}

/** A host, with a port or without. */
function address(value: string): string {
  const parsed = URL.parse(`http://${value}`);
  if (parsed === null || parsed.pathname !== "/" || parsed.search !== "" || value.endsWith("/")) {
    throw new InvalidArgumentError("Expected a host, or a host and a port such as 10.0.0.7:9001.");
  }
  return value;
}

if (import.meta.main) {
  await main("streams", async (signal) => {
    const flags = parseArguments<Flags>(flagsOf(), Deno.args);
    const registryOf = (url: string | undefined) => url === undefined ? undefined : new SchemaRegistry(url);
    if (flags.describe) {
      writeAll(Deno.stdout, sessionsTopology().describe() + "\n");
      return;
    }
    const logger = createLogger({ name: "streams", level: flags.logLevel });
    const config = connectionConfig((name) => Deno.env.get(name));
    const log = await openKafkaLog(config, {
      clientId: flags.clientId,
      logger,
      // Of the producer, the fetcher and the group: while the topics are looked at.
      spareConnections: 3,
    });
    try {
      const streams = await startStreams({
        log,
        logger,
        registry: registryOf(config.schemaRegistry),
        metrics: { port: flags.metricsPort, host: flags.metricsHost },
        waitForBroker: { forMs: flags.waitForBroker, signal },
        applicationId: flags.applicationId,
        clientId: flags.clientId,
        commitIntervalMs: flags.commitInterval,
        graceMs: flags.grace,
        retentionMs: flags.retention === 0 ? Infinity : flags.retention,
        partitions: flags.partitions,
        replicationFactor: flags.replicationFactor ?? (config.sasl === undefined ? 1 : 3),
        onUndecodable: flags.onUndecodable,
        onProcessingError: flags.onProcessingError,
        onProductionError: flags.onProductionError,
        ...(flags.deadLetterTopic === undefined ? {} : { deadLetterTopic: flags.deadLetterTopic }),
        onMissingTopic: flags.onMissingTopic,
        advertise: flags.advertise,
        processingGuarantee: flags.processingGuarantee,
        numStandbyReplicas: flags.standbyReplicas,
        store: flags.store,
        cacheMaxBytes: flags.cacheMaxBytes,
        stateMaxBytes: stateMaxBytes(flags.stateMaxBytes),
        onStateFull: flags.onStateFull,
        stateDir: flags.stateDir,
        sessionTimeoutMs: flags.sessionTimeout,
        stallTimeoutMs: flags.stallTimeout,
        ...(flags.groupInstanceId === undefined ? {} : { groupInstanceId: flags.groupInstanceId }),
      });
      const asked = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      });
      await Promise.race([asked, streams.app.done]);
      await streams.close();
    } catch (error) {
      if (!(error instanceof WaitInterrupted)) throw error;
      logger.info("stopped before it began");
    } finally {
      await log.close();
    }
  }, { graceMs: 5_000 });
}
