import type {
  DeserializationHandler,
  EngineLogger,
  ProcessingHandler,
  ProductionHandler,
} from "../record/handlers.ts";

/** Settings of a stream application. Times are in ms. */
export interface StreamsConfig {
  /** Names the consumer group and the changelogs; all instances of an application have the same. */
  readonly applicationId: string;
  /**
   * `at_least_once` (the default): after a failure some records are processed again. `exactly_once`: outputs,
   * changelogs and offsets are committed in transactions; readers of the outputs need read_committed.
   */
  readonly processingGuarantee?: "at_least_once" | "exactly_once";
  /**
   * How many other instances keep each task's stores current, to take over without a long restore. Default 0.
   */
  readonly numStandbyReplicas?: number;
  /**
   * How many tasks an instance warms up at a time: a task with state moves only when its next instance has
   * read its changelogs up to {@linkcode acceptableRecoveryLag}, and goes on where it is until then. 0: tasks
   * move at once, and rest while they are restored. Default 2.
   */
  readonly maxWarmupReplicas?: number;
  /** How many changelog records a task may have left to read when it moves. Default 10,000. */
  readonly acceptableRecoveryLag?: number;
  /** How often outputs are flushed and offsets committed. Default 100. */
  readonly commitIntervalMs?: number;
  /**
   * Where stores are kept: `memory` (the default), or on disk with `sqlite`, for state larger than memory and
   * restarts that restore only what has changed since. On disk are key-value stores and those of
   * stream–stream joins; others stay in memory.
   */
  readonly store?: "memory" | "sqlite";
  /**
   * Bytes that the caches of all aggregates of this instance (not of windows or sessions) may hold together.
   * An aggregate's changes then go out, and to its changelog, only at each commit or when the cache is full:
   * the last one of each key. Default 0: every update goes out, unlike Kafka Streams' 10 MiB, since a commit
   * is due every 100 ms here, and what comes out should not depend on when one is made.
   */
  readonly cacheMaxBytes?: number;
  /**
   * Where stores on disk are; each instance needs a directory of its own. Default
   * {@linkcode DEFAULT_STATE_DIR}.
   */
  readonly stateDir?: string;
  /**
   * Bytes of memory that the state of this instance may take: what stores of its tasks and standbys have
   * reserved, caches and queued records. From 80 % on a warning is logged. Default: no limit. Of a
   * container's limit it is at most about a half: the rest is the process itself, what it fetches and writes,
   * and what grows before the old is freed (docs/sizing.md).
   */
  readonly stateMaxBytes?: number;
  /**
   * What happens above {@linkcode stateMaxBytes}: `fail` (the default) ends the application with an error
   * that names the stores and the remedies; `disk` commits, and restores the tasks into stores on disk
   * ({@linkcode store} `sqlite`), once: if that is not enough it fails too.
   */
  readonly onStateFull?: "fail" | "disk";
  /**
   * How long files of tasks that are processed elsewhere are kept for their return. Default 600,000, as Kafka
   * Streams' `state.cleanup.delay.ms`.
   */
  readonly stateCleanupDelayMs?: number;
  /**
   * How often records of repartition topics that are committed are deleted. Default 30,000, as Kafka Streams'
   * `repartition.purge.interval.ms`.
   */
  readonly repartitionPurgeIntervalMs?: number;
  /** How many replicas internal topics get that are created. Default 1. */
  readonly replicationFactor?: number;
  /** Where to begin in a partition that the group has no offset for. Default `earliest`. */
  readonly autoOffsetReset?: "earliest" | "latest";
  /**
   * When a source topic is deleted, or deleted and created again, while the application runs, or a changelog
   * while a task or a standby reads it: `fail` (the default) ends it with an error that names the topic;
   * `wait` gives up its tasks, goes on with the others, and begins anew when the topic is there. A topic that
   * is missing at the start is an error with either.
   */
  readonly onMissingTopic?: "fail" | "wait";
  /**
   * How often each instance looks whether its topics have gone or grown. What a fetch or a rebalance notices
   * is seen at once. Default 10,000.
   */
  readonly topicsRefreshMs?: number;
  /** Static membership: a name of this instance that survives restarts. Default none. */
  readonly groupInstanceId?: string;
  /**
   * Where this instance's stores can be read, as `host:port`: the others name it for the keys that it has.
   * Default none.
   */
  readonly endpoint?: string;
  /** After this time without a heartbeat an instance is considered dead. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /**
   * How often an instance tells the group that it lives, and hears of rebalances. Default 300: a moving task
   * waits about as long.
   */
  readonly heartbeatIntervalMs?: number;
  /**
   * After this time without an answer of any broker, or in which a task had records and processed or
   * committed none, the instance says that it is stalled, and why (`StreamsApp.stalls`), and logs it. 0:
   * never. Default 60,000.
   */
  readonly stallTimeoutMs?: number;
  /** Bytes a partition a fetch; about four times as much is held a partition. Default 147,456. */
  readonly fetchPartitionBytes?: number;
  /**
   * Records of source topics a second that this instance processes at most, to spare what else is on the
   * machine or behind its steps. Restoring is not held back. An instance at its limit counts as busy, so that
   * its capacity is measured right. Default: no limit.
   */
  readonly maxRecordsPerSecond?: number;
  /**
   * Bytes of what one record gives that may wait for the log where its steps can't pause: a `process` that
   * forwards many records, windows, `suppress`. Above it the application fails with an error that names the
   * record, instead of taking all memory. Joins, `flatMap` and `flatMapValues` pause much earlier. Default
   * 268,435,456.
   */
  readonly recordOutputMaxBytes?: number;
  /**
   * Default: drop, count and log, but stop at a schema with which no record can be read ({@linkcode
   * logAndContinue}).
   */
  readonly onUndecodable?: DeserializationHandler;
  /** Asked when a processor or a punctuator throws. Default: the application fails. */
  readonly onProcessingError?: ProcessingHandler;
  /**
   * Asked when a record can't be encoded for a sink, or the log refuses it for good. Default: the application
   * fails.
   */
  readonly onProductionError?: ProductionHandler;
  /** The topics that handlers may send dead letters to; those that are missing are created. Default none. */
  readonly deadLetterTopics?: readonly string[];
  /** Told of each commit that was made: how long it took, in seconds. */
  readonly onCommit?: (seconds: number) => void;
  /**
   * The CPU time that the process has had, in ms; asked for a few times a turn of the loop, none a record.
   * With it the part that the loop worked is in `stats.busyCpuMs`. Default: it is not asked for.
   */
  readonly cpuTime?: () => number;
  /** Where the application says what a person should know. Default: nowhere. */
  readonly logger?: EngineLogger;
  /**
   * The time in ms since the epoch. Default: the machine's at the start, running on steadily when the
   * machine's clock is set.
   */
  readonly now?: () => number;
}

/** The default of {@linkcode StreamsConfig.stateDir}. */
export const DEFAULT_STATE_DIR = ".kos/state";
/** The default of {@linkcode StreamsConfig.maxWarmupReplicas}. */
export const DEFAULT_MAX_WARMUP_REPLICAS = 2;
/** The default of {@linkcode StreamsConfig.acceptableRecoveryLag}, as Kafka Streams has it. */
export const DEFAULT_ACCEPTABLE_RECOVERY_LAG = 10_000;
/** The default of {@linkcode StreamsConfig.stateCleanupDelayMs}, in ms. */
export const DEFAULT_STATE_CLEANUP_DELAY_MS = 600_000;
/** The default of {@linkcode StreamsConfig.repartitionPurgeIntervalMs}, in ms. */
export const DEFAULT_REPARTITION_PURGE_INTERVAL_MS = 30_000;
/** The default of {@linkcode StreamsConfig.fetchPartitionBytes}. */
export const DEFAULT_FETCH_PARTITION_BYTES = 147_456;
/** The default of {@linkcode StreamsConfig.commitIntervalMs}, in ms. */
export const DEFAULT_COMMIT_INTERVAL_MS = 100;
/** The default of {@linkcode StreamsConfig.heartbeatIntervalMs}, in ms. */
export const DEFAULT_HEARTBEAT_INTERVAL_MS = 300;
/** The default of {@linkcode StreamsConfig.topicsRefreshMs}, in ms. */
export const DEFAULT_TOPICS_REFRESH_MS = 10_000;
