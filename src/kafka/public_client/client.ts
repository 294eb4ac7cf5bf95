/**
 * What the fall-back needs of kafkajs, by its documented and typed interface alone.
 *
 * @module
 */
import kafkajs from "kafkajs";
import type { Cluster, Kafka, KafkaConfig, RetryOptions } from "kafkajs";
import { type ConnectionConfig, tlsOptions } from "../config.ts";
import { BrokerUnavailable, ConnectionLost, KafkaError, messageOf } from "../port/errors.ts";
import type { Logger } from "../port/logger.ts";
import { retrying } from "../common/retrying.ts";

/** How to reach a cluster, and how patiently. */
export interface ClientSettings {
  readonly config: ConnectionConfig;
  readonly clientId: string;
  readonly logger: Logger;
}

/** Makes kafkajs's client. Its own retries are few: this code retries, counts and gives up by the Log port's rules. */
export function kafkaClient({ config, clientId, logger }: ClientSettings, retry: RetryOptions = {}): Kafka {
  const { brokers, requestTimeoutMs, retryBackoffMs, sasl } = config;
  const ssl = tlsOptions(config);
  const connectTimeoutMs = Math.min(10_000, Math.ceil(requestTimeoutMs / (brokers.length + 1)));
  const options: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: {
      initialRetryTime: retryBackoffMs,
      maxRetryTime: Math.max(1_000, retryBackoffMs),
      retries: Math.max(2, brokers.length),
      ...retry,
    },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => ({ level, namespace, log }) => {
      // Errors reach the caller as exceptions; that a group rebalances is no trouble, and what kafkajs no longer retries is retried here.
      if (level !== kafkajs.logLevel.WARN || namespace === "Runner" || namespace === "Producer") return;
      logger.warn(`kafkajs, ${log["broker"] ?? namespace}: ${log.message}`);
    },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
  return new kafkajs.Kafka(options);
}

/**
 * A cluster that is open to requests: kafkajs hands its {@linkcode Cluster} to the partition assigners of a consumer, which here
 * never runs and joins no group. It reads offsets as they are, transactions that are open or not.
 */
export class ClusterAccess {
  readonly settings: ClientSettings;
  #open: { readonly cluster: Cluster; readonly close: () => Promise<void> } | undefined;
  #opening: Promise<Cluster> | undefined;
  #used = false;
  #closed = false;

  constructor(settings: ClientSettings) {
    this.settings = settings;
  }

  /**
   * Connects when that is needed.
   * @throws {BrokerUnavailable} When no broker answers, or they refuse the credentials.
   */
  cluster(): Promise<Cluster> {
    if (this.#closed) return Promise.reject(new ConnectionLost("The connections to Kafka were closed"));
    if (this.#open !== undefined) return Promise.resolve(this.#open.cluster);
    return this.#opening ??= this.#connect().finally(() => this.#opening = undefined);
  }

  /**
   * Runs what may fail for a while until it succeeds, fails for good or the request timeout has passed.
   * @param what Begins the message of an error.
   */
  async run<T>(what: string, attempt: (cluster: Cluster) => Promise<T>): Promise<T> {
    const { requestTimeoutMs, retryBackoffMs } = this.settings.config;
    return await retrying({ requestTimeoutMs, retryBackoffMs }, async () => {
      while (true) {
        const cluster = await this.cluster();
        const fresh = !this.#used;
        this.#used = true;
        try {
          return await attempt(cluster);
        } catch (error) {
          const translated = translate(error, what);
          // kafkajs asks for all topics that it ever heard of: one that was deleted since fails all that comes after it.
          const stale = translated instanceof KafkaError && translated.code === "UNKNOWN_TOPIC_OR_PARTITION";
          if (stale || translated instanceof ConnectionLost) await this.reset(cluster);
          if (!stale || fresh) throw translated;
        }
      }
    });
  }

  /** Drops the connections of this cluster, which {@linkcode cluster} makes anew. */
  async reset(cluster: Cluster): Promise<void> {
    const open = this.#open;
    if (open?.cluster !== cluster) return;
    this.#open = undefined;
    await open.close().catch(() => {}); // it was broken
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  async #connect(): Promise<Cluster> {
    let cluster: Cluster | undefined;
    const consumer = kafkaClient(this.settings).consumer({
      groupId: "none",
      readUncommitted: true,
      allowAutoTopicCreation: false,
      partitionAssigners: [(given) => {
        cluster = given.cluster;
        return { ...NO_ASSIGNER };
      }],
    });
    if (cluster === undefined) throw changed("hands no cluster to a partition assigner");
    try {
      await consumer.connect();
      await cluster.refreshMetadata();
    } catch (error) {
      await consumer.disconnect().catch(() => {});
      throw unreachable(this.settings.config.brokers, error);
    }
    this.#used = false;
    this.#open = { cluster, close: () => consumer.disconnect() };
    return cluster;
  }
}

const NO_ASSIGNER = {
  name: "none",
  version: 0,
  assign: () => Promise.resolve([]),
  protocol: () => ({ name: "none", metadata: kafkajs.AssignerProtocol.MemberMetadata.encode(NO_METADATA) }),
};
const NO_METADATA = { version: 0, topics: [], userData: new Uint8Array(0) as never };

/** kafkajs is not as its documentation has it. */
export function changed(how: string): Error {
  return new Error(`Cannot use the installed kafkajs: it ${how}; pin kafkajs to 2.2.4 in deno.json`);
}

/** What kafkajs found: it wraps errors in errors, up to the one that has Kafka's name of it. */
export interface Cause {
  /** Kafka's name of the error; `undefined` when no broker answered with one. */
  readonly code: string | undefined;
  /** kafkajs's name of the error. */
  readonly name: string;
  readonly message: string;
  readonly retriable: boolean;
}

/** The error at the bottom of what kafkajs threw. */
export function causeOf(error: unknown): Cause {
  let name = "";
  for (let at = error; at instanceof Error; at = at.cause) {
    name = at.name;
    const { type, retriable, message } = at as Error & { type?: unknown; retriable?: unknown };
    if (typeof type === "string") {
      // Younger than kafkajs's list.
      const code = message === "Unknown error code 90" ? "PRODUCER_FENCED" : type;
      return { code, name, message, retriable: retriable === true };
    }
    if (CONNECTION_ERRORS.has(name) || at.cause === undefined || at.cause === at) {
      return { code: undefined, name, message, retriable: CONNECTION_ERRORS.has(name) };
    }
  }
  return { code: undefined, name, message: messageOf(error), retriable: false };
}

const CONNECTION_ERRORS = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSLockTimeout",
  "KafkaJSBrokerNotFound",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSNoBrokerAvailableError",
  "KafkaJSGroupCoordinatorNotFound",
]);
/** Retriable, other than in kafkajs's list. */
const MOVED = new Set(["NOT_COORDINATOR_FOR_GROUP", "GROUP_COORDINATOR_NOT_AVAILABLE", "NOT_CONTROLLER"]);

/** What kafkajs threw as an error of the Log port's. */
export function translate(error: unknown, what: string): Error {
  if (error instanceof KafkaError || error instanceof ConnectionLost || error instanceof BrokerUnavailable) {
    return error;
  }
  const { code, message, name, retriable } = causeOf(error);
  if (code !== undefined) {
    return new KafkaError(code, `${what}: ${message} (${code})`, retriable || MOVED.has(code), {
      cause: error,
    });
  }
  // Sent on a connection that was closed meanwhile, which kafkajs has set to null.
  const lost = CONNECTION_ERRORS.has(name) || (name === "TypeError" && /\bnull\b/.test(message));
  return lost
    ? new ConnectionLost(`${what}: ${message.replace(/^Connection error: /, "")}`, { cause: error })
    : error instanceof Error
    ? error
    : new Error(`${what}: ${message}`);
}

/** Why no connection could be made. */
export function unreachable(brokers: readonly string[], error: unknown): Error {
  const { name, message, code } = causeOf(error);
  const at = brokers.join(", ");
  if (name === "KafkaJSSASLAuthenticationError") {
    return new BrokerUnavailable(
      `Cannot use Kafka at ${at}: they refused the credentials: ${message}. Check API_KEY and SECRET_KEY`,
      { cause: error },
    );
  }
  if (code !== undefined) return translate(error, `Cannot use Kafka at ${at}`);
  return new BrokerUnavailable(
    `Cannot reach Kafka at ${at}: ${
      message.replace(/^Connection error: /, "")
    }. Is it running, and is KAFKA_BROKERS right? ` +
      "`deno task kafka` starts a broker on this machine",
    { cause: error },
  );
}
