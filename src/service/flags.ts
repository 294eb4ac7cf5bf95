/**
 * The flags that every service has.
 *
 * @module
 */
import { hostname } from "node:os";
import { isIPv6 } from "node:net";
import type { LogFormat, LogLevel } from "../cli/log.ts";
import { choice, cores, duration, integer, InvalidValue, port, text } from "../cli/parsers.ts";
import { type FlagTable, toggle } from "../cli/program.ts";
import { LOG_FORMAT, LOG_LEVEL, WAIT_FOR_BROKER } from "../cli/shared_flags.ts";
import { wrongId } from "../engine/app/check_config.ts";
import {
  DEFAULT_COMMIT_INTERVAL_MS,
  DEFAULT_MAX_WARMUP_REPLICAS,
  DEFAULT_STALL_TIMEOUT_MS,
  DEFAULT_STATE_DIR,
} from "../engine/mod.ts";
import { DEFAULT_METRICS_PORT } from "../metrics/server.ts";
import { DEFAULT_PARTITIONS, type FailureChoice } from "./settings.ts";
import { DEFAULT_CATCH_UP_SECONDS } from "../metrics/load_metrics.ts";
import type { MetricsLevel } from "../metrics/lag_metrics.ts";
import { ERRAND_FLAGS, type ErrandFlags } from "./errand_flags.ts";

/** The values of the flags that every service has. Times are in ms. */
export interface ServiceFlags {
  /** Print the topology, and end. */
  readonly describe: boolean;
  /** Names the consumer group and the changelogs. */
  readonly applicationId: string;
  /** Names this instance in connections and gauges. */
  readonly clientId: string;
  /** How often outputs are flushed and offsets committed. */
  readonly commitInterval: number;
  /** How many partitions topics get that are created. */
  readonly partitions: number;
  /** How many replicas topics get that are created. */
  readonly replicationFactor?: number;
  /** What happens to a record that can't be decoded. */
  readonly onUndecodable: FailureChoice;
  /** What happens to a record that a processor throws at. */
  readonly onProcessingError: FailureChoice;
  /** What happens to a record that can't be encoded, or that the log refuses for good. */
  readonly onProductionError: FailureChoice;
  /** Where dead letters go. */
  readonly deadLetterTopic?: string;
  /** What happens when a source topic is deleted while it is read. */
  readonly onMissingTopic: "fail" | "wait";
  /** The port on which stores are read; left out, they are not. */
  readonly storesPort?: number;
  /** The address that this port listens on. */
  readonly storesHost: string;
  /** The file of the token that who reads stores brings. */
  readonly storesTokenFile?: string;
  /** Where others reach this instance, as `host` or `host:port`, the port being that of the stores. */
  readonly advertise: string;
  /** What becomes of records after a failure. */
  readonly processingGuarantee: "at_least_once" | "exactly_once";
  /** How many other instances keep each task's stores current. */
  readonly standbyReplicas: number;
  /** How many tasks this instance warms up at a time, before they move here. */
  readonly maxWarmupReplicas: number;
  /** For how long it goes on after SIGTERM while the others warm up for its tasks. */
  readonly leaveWithin: number;
  /** Where stores are kept. */
  readonly store: "memory" | "sqlite";
  /** Where stores on disk are. */
  readonly stateDir: string;
  /** Bytes that the caches of aggregates may hold. */
  readonly cacheMaxBytes: number;
  /** Bytes of memory that state may take; 0: no limit. */
  readonly stateMaxBytes?: number;
  /** What happens above that limit. */
  readonly onStateFull: "fail" | "disk";
  /** Static membership: a name of this instance that survives restarts. */
  readonly groupInstanceId?: string;
  /** After so long without a heartbeat an instance is taken for dead. */
  readonly sessionTimeout: number;
  /** After so long without progress the instance is unhealthy; 0: never. */
  readonly stallTimeout: number;
  /** Records a second that are processed at most. */
  readonly maxRate?: number;
  /** The port of metrics and health. */
  readonly metricsPort: number;
  /** The address that the port listens on. */
  readonly metricsHost: string;
  /** What has a series of lag and arrival. */
  readonly metricsLevel: MetricsLevel;
  /** In what time a backlog is to be gone, as `kos_load` counts it. */
  readonly catchUpTime: number;
  /** How many cores the process can count on; left out, its container's limit. */
  readonly cpus?: number;
  /** How long to wait at the start for a broker that answers. */
  readonly waitForBroker: number;
  /** How much is logged. */
  readonly logLevel: LogLevel;
  /** How a line of the log is written. */
  readonly logFormat: LogFormat;
}

/** The values of all flags: also of those with which the program ends before its topology runs. */
export type AllFlags = ServiceFlags & ErrandFlags;

/** What the topics of changelogs begin with. */
const APPLICATION_ID = Object.assign((id: string): string => {
  const parsed = text("an id")(id);
  const remedy = wrongId(parsed);
  if (remedy !== undefined) throw new InvalidValue(remedy);
  return parsed;
}, { schema: text("an id").schema });

/** The table of those flags; `applicationId` is the default of its flag. */
export function serviceFlags(applicationId: string): FlagTable<AllFlags> {
  return {
    describe: toggle("print the topology and exit", { excludes: ["probe", "reset"] }),
    applicationId: {
      value: "<id>",
      text: "names the consumer group and the changelogs",
      parse: APPLICATION_ID,
      default: applicationId,
      group: "Kafka",
    },
    clientId: {
      value: "<id>",
      text: "names this instance in connections and gauges",
      parse: text("an id"),
      default: () => hostname(),
      defaultText: "the host's name",
      group: "Kafka",
    },
    commitInterval: {
      value: "<time>",
      text: "how often outputs are flushed and offsets committed",
      parse: duration({ min: 1 }),
      default: DEFAULT_COMMIT_INTERVAL_MS,
      defaultText: "100ms",
      group: "Kafka",
    },
    partitions: {
      value: "<count>",
      text: "of topics that are created because they are missing",
      parse: integer({ min: 1, max: 10_000 }),
      default: DEFAULT_PARTITIONS,
      group: "Kafka",
    },
    replicationFactor: {
      value: "<count>",
      text: "of topics that are created",
      parse: integer({ min: 1, max: 100 }),
      defaultText: "1, in the cloud 3",
      group: "Kafka",
    },
    onUndecodable: {
      value: "<what>",
      text: "a record that can't be decoded: continue, fail or dead-letter",
      parse: choice("continue", "fail", "dead-letter"),
      default: "continue",
      group: "Failures",
    },
    onProcessingError: {
      value: "<what>",
      text: "a record that a processor throws at: fail, continue or dead-letter",
      parse: choice("fail", "continue", "dead-letter"),
      default: "fail",
      group: "Failures",
    },
    onProductionError: {
      value: "<what>",
      text: "a record that can't be encoded, or is refused for good: fail, continue or dead-letter",
      parse: choice("fail", "continue", "dead-letter"),
      default: "fail",
      group: "Failures",
    },
    deadLetterTopic: {
      value: "<name>",
      text: "where dead letters go, with why in headers",
      parse: text("a topic's name"),
      defaultText: "<application id>-dead-letters",
      group: "Failures",
    },
    onMissingTopic: {
      value: "<what>",
      text: "a source topic that is deleted while it is read: fail or wait for it",
      parse: choice("fail", "wait"),
      default: "fail",
      group: "Failures",
    },
    processingGuarantee: {
      value: "<which>",
      text: "at_least_once, or exactly_once with transactions",
      parse: choice("at_least_once", "exactly_once"),
      default: "at_least_once",
      group: "Kafka",
    },
    standbyReplicas: {
      value: "<count>",
      text: "instances that keep each task's stores current, to take over at once",
      parse: integer({ max: 100 }),
      default: 0,
      group: "State",
    },
    maxWarmupReplicas: {
      value: "<count>",
      text: "tasks whose stores an instance reads at a time before it takes them; 0: they rest meanwhile",
      parse: integer({ max: 100 }),
      default: DEFAULT_MAX_WARMUP_REPLICAS,
      group: "State",
    },
    leaveWithin: {
      value: "<time>",
      text:
        "after SIGTERM it goes on for so long at most, while others warm up for its tasks; 0s: not at all",
      parse: duration(),
      default: 4_000,
      defaultText: "4s",
      group: "State",
    },
    store: {
      value: "<where>",
      text: "where state is kept: memory, or sqlite for on disk",
      parse: choice("memory", "sqlite"),
      default: "memory",
      group: "State",
    },
    cacheMaxBytes: {
      value: "<bytes>",
      text: "changes of aggregates held back until a commit; 0: all go out",
      parse: integer(),
      default: 0,
      group: "State",
    },
    stateMaxBytes: {
      value: "<bytes>",
      text: "memory that state may take; 0: no limit",
      parse: integer(),
      defaultText: "half of the container's limit; without one none",
      group: "State",
    },
    onStateFull: {
      value: "<what>",
      text: "above that: fail, or disk to move the stores there, once",
      parse: choice("fail", "disk"),
      default: "fail",
      group: "State",
    },
    stateDir: {
      value: "<path>",
      text: "where state on disk is kept; each instance needs its own",
      parse: text("a folder"),
      default: DEFAULT_STATE_DIR,
      group: "State",
    },
    groupInstanceId: {
      value: "<id>",
      text: "static membership: a restart within the session timeout moves no task",
      parse: text("an id"),
      group: "Kafka",
    },
    sessionTimeout: {
      value: "<time>",
      text: "without a heartbeat for so long an instance is taken for dead",
      parse: duration({ min: 1_000 }),
      default: 10_000,
      defaultText: "10s",
      group: "Kafka",
    },
    // Of the demo, whose instances have to be small on any machine.
    maxRate: {
      value: "<records/s>",
      text: "the most that this instance processes",
      parse: integer({ min: 1 }),
      hidden: true,
      variable: false,
    },
    stallTimeout: {
      value: "<time>",
      text: "without progress for so long /healthz fails; 0s: never",
      parse: duration(),
      default: DEFAULT_STALL_TIMEOUT_MS,
      defaultText: "60s",
      group: "Health and metrics",
    },
    metricsPort: {
      value: "<port>",
      text: "of /metrics, /healthz and /readyz; 0: any free one",
      parse: integer({ max: 65_535 }),
      default: DEFAULT_METRICS_PORT,
      group: "Health and metrics",
    },
    metricsHost: {
      value: "<address>",
      text: "where the metrics port listens",
      parse: text("an address"),
      default: "0.0.0.0",
      group: "Health and metrics",
    },
    metricsLevel: {
      value: "<level>",
      text: "lag and arrival: a series a partition, or a topic where there are very many",
      parse: choice("partition", "topic"),
      default: "partition",
      group: "Health and metrics",
    },
    catchUpTime: {
      value: "<time>",
      text: "kos_load: in which a backlog is to be gone; shorter asks for more instances",
      parse: duration({ min: 1_000 }),
      default: 1000 * DEFAULT_CATCH_UP_SECONDS,
      defaultText: "60s",
      group: "Health and metrics",
    },
    cpus: {
      value: "<cores>",
      text: "kos_load: what the process can count on, such as 0.5 or 500m",
      parse: cores(),
      defaultText: "the container's limit, or any number",
      group: "Health and metrics",
    },
    storesPort: {
      value: "<port>",
      text: "of /stores, by which state is read; 0: any free one",
      parse: port(),
      defaultText: "none: it is not read",
      group: "Stores",
    },
    storesHost: {
      value: "<address>",
      text: "where the stores' port listens; beyond this machine it needs a token",
      parse: text("an address"),
      default: "127.0.0.1",
      group: "Stores",
    },
    storesTokenFile: {
      value: "<file>",
      text: "with the token that its requests bring; or KOS_STORES_TOKEN is the token itself",
      parse: text("a file"),
      group: "Stores",
    },
    advertise: {
      value: "<address>",
      text: "where others reach this one, as host or host:port; the port is the stores'",
      parse: address,
      default: () => hostname(),
      defaultText: "the host's name, and its own ports",
      group: "Stores",
    },
    waitForBroker: { ...WAIT_FOR_BROKER, group: "Kafka" },
    logLevel: LOG_LEVEL,
    logFormat: LOG_FORMAT,
    ...ERRAND_FLAGS,
  };
}

/** A host, with a port or without; an IPv6 address, as a pod's is told, gets its brackets. */
function address(text: string): string {
  const value = isIPv6(text) ? `[${text}]` : text;
  const parsed = URL.parse(`http://${value}`);
  if (parsed === null || parsed.pathname !== "/" || parsed.search !== "" || value.endsWith("/")) {
    throw new InvalidValue("expected a host, or a host and a port such as 10.0.0.7:9001");
  }
  return value;
}
