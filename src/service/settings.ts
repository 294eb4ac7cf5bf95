/**
 * What a service is started with.
 *
 * @module
 */
import type { Logger } from "../cli/log.ts";
import type { StreamsConfig } from "../engine/mod.ts";
import type { WaitForBrokerOptions } from "../kafka/common/wait_for_broker.ts";
import type { Log } from "../kafka/port/log.ts";
import type { RouteHandler } from "../metrics/http_server.ts";
import type { MetricsLevel } from "../metrics/lag_metrics.ts";
import type { Registry } from "../metrics/prom_client.ts";
import type { ServedStore } from "./store_routes.ts";
import type { StoresAddress } from "./stores_server.ts";

/** How many partitions topics get that are created because they are missing. */
export const DEFAULT_PARTITIONS = 4;

/** What to do with a record that fails: drop and count it, end, or send it to the dead letters. */
export type FailureChoice = "continue" | "fail" | "dead-letter";

/** What to do with records that fail. */
export interface FailureChoices {
  /** What to do with records that can't be decoded. Default `continue`. */
  readonly onUndecodable?: FailureChoice;
  /** What to do with records that a processor throws at. Default `fail`. */
  readonly onProcessingError?: FailureChoice;
  /** What to do with records that can't be encoded, or that the log refuses for good. Default `fail`. */
  readonly onProductionError?: FailureChoice;
  /** Where dead letters go. Default `<application id>-dead-letters`. */
  readonly deadLetterTopic?: string | undefined;
}

/** Settings of the engine that a service passes on as they are. */
export type EngineSettings = Omit<
  StreamsConfig,
  | "applicationId"
  | "cpuTime"
  | "deadLetterTopics"
  | "endpoint"
  | "logger"
  | "onCommit"
  | "onProcessingError"
  | "onProductionError"
  | "onUndecodable"
>;

/** Settings of a service. */
export interface ServiceSettings {
  /** The log that it reads and writes. Whoever opened it closes it. */
  readonly log: Log;
  /** Told of what happens. */
  readonly logger: Logger;
  /** Which program it is, as `kos_build_info` names it. */
  readonly name: string;
  /** The program's version. */
  readonly version: string;
  /** Names the consumer group and the changelogs. */
  readonly applicationId: string;
  /** Names this instance in the gauges' labels. */
  readonly clientId: string;
  /** When it was asked for, by `performance.now`. Default 0: when the process began. */
  readonly askedForAt?: number;
  /** Where the metrics go; that of the program's own. */
  readonly registry: Registry;
  /** Where metrics and health are served; left out, they are not. */
  readonly metrics?: { readonly port: number; readonly host: string };
  /** Where stores are read; left out, they are not. */
  readonly storesAt?: StoresAddress;
  /** What has a series of lag and arrival. Default `partition`. */
  readonly metricsLevel?: MetricsLevel;
  /** In what time a backlog is to be gone, as `kos_load` counts it, in ms. Default a minute. */
  readonly catchUpTimeMs?: number;
  /** How many cores the process can count on, as `kos_load` counts it. Default: any number. */
  readonly cpus?: number;
  /**
   * Where other instances and their users reach this one, as `host` or `host:port`: the port is that of the
   * stores, or of the metrics where no stores are read; without it they are those that it listens on.
   * Default: it is not told.
   */
  readonly advertise?: string;
  /** Whether to wait for a broker that is not there yet, and for how long. Default: not. */
  readonly waitForBroker?: Pick<WaitForBrokerOptions, "forMs">;
  /** Ends the start, as long as it has not come to its end. */
  readonly signal?: AbortSignal;
  /** How many partitions topics get that are created. Default {@linkcode DEFAULT_PARTITIONS}. */
  readonly partitions?: number;
  /** What to do with records that fail. */
  readonly failures?: FailureChoices;
  /** Settings of the engine. */
  readonly engine?: EngineSettings;
  /** How stores are served that are not read by their name and a key of text. */
  readonly stores?: readonly ServedStore[];
  /** More paths beside the metrics, read with GET. */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
  /** More paths beside the stores, read with GET by who may read these. */
  readonly storesRoutes?: Readonly<Record<string, RouteHandler>>;
  /** Whether the live page is beside the metrics. Default `false`. */
  readonly page?: boolean;
}
