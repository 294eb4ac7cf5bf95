/**
 * What can go wrong with a log, and whether trying again makes sense.
 *
 * @module
 */

/**
 * A variable, a flag or a file that one of them names is not as it has to be: the message names it, what was
 * received (never a secret) and what is allowed.
 */
export class ConfigError extends Error {
  /** How logs name the error. */
  override name = "ConfigError";
}

/** No broker could be reached. The message says which were tried, why each failed, and what to do. */
export class BrokerUnavailable extends Error {
  /** How logs name the error. */
  override name = "BrokerUnavailable";
}

/** A broker answered a request with an error. */
export class KafkaError extends Error {
  /** How logs name the error. */
  override name = "KafkaError";
  /** Kafka's name of the error, such as `TOPIC_AUTHORIZATION_FAILED`. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  /** Takes Kafka's name of the error, and whether the same request may succeed later. */
  constructor(code: string, message: string, retriable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retriable = retriable;
  }
}

/** A commit that the group refused. */
export class CommitRejected extends Error {
  /** How logs name the error. */
  override name = "CommitRejected";
  /** Whether the same offsets may be committed later. */
  readonly retriable: boolean;
  /** Takes whether the same offsets may be committed later. */
  constructor(message: string, retriable: boolean) {
    super(message);
    this.retriable = retriable;
  }
}

/** Records that a producer gave up. */
export class ProduceError extends Error {
  /** How logs name the error. */
  override name = "ProduceError";
  /** How many records were lost, by topic. */
  readonly lost: ReadonlyMap<string, number>;
  /** Whether the log refused a record for good for what it is: written again, it would be refused again. */
  readonly refused: boolean;
  /** Takes how many records were lost, by topic. */
  constructor(
    message: string,
    lost: ReadonlyMap<string, number>,
    options?: ErrorOptions & { readonly refused?: boolean },
  ) {
    super(message, options);
    this.lost = lost;
    this.refused = options?.refused ?? false;
  }
}

/**
 * This producer may not write any more: another one has begun with its transactional id, or its transaction
 * was open for longer than its timeout. Nothing of the open transaction will be seen. Close it; who still
 * owns the task makes a new one.
 */
export class ProducerFenced extends Error {
  /** How logs name the error. */
  override name = "ProducerFenced";
}

/**
 * An assignment, or a group, that this member has no part in. The message says what was received, from whom,
 * and what to do.
 */
export class AssignmentRefused extends Error {
  /** How logs name the error. */
  override name = "AssignmentRefused";
}

/** A connection broke, or a request was not answered in time. The request may have been carried out. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/**
 * The other side was reached, and the connection can't be had as things are: a certificate or credentials are
 * refused, or one of the two does not speak TLS. It will fail the same way until somebody changes something,
 * so that waiting for a broker does not help.
 */
export class ConnectionRejected extends ConnectionLost {}

/** This client has closed its connections: whatever else is asked of them ends so too. */
export class ConnectionsClosed extends ConnectionLost {}

/** Whether it makes sense to try again after this error. */
export function isRetriable(error: unknown): error is Error {
  return error instanceof ConnectionLost || error instanceof BrokerUnavailable ||
    (error instanceof KafkaError && error.retriable);
}

/** Whether an error, or what it was made of, says that waiting does not help. */
export function isFinal(error: unknown): boolean {
  if (error instanceof BrokerUnavailable) return isFinal(error.cause);
  return error instanceof ConnectionRejected || error instanceof ConfigError ||
    (error instanceof KafkaError && !error.retriable);
}

/** Kafka's name of the error of a partition that a broker does not know. */
export const MISSING = "UNKNOWN_TOPIC_OR_PARTITION";

/** Whether the log has said that there is no such topic, or no such partition of it. */
export function isMissing(error: unknown): error is KafkaError {
  return error instanceof KafkaError && error.code === MISSING;
}

/** How long what a broker says is not ready yet is waited for, in ms: as long as Kafka's own clients do. */
export const NOT_READY_MS = 60_000;

const NOT_READY = new Set([
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "NOT_COORDINATOR_FOR_GROUP",
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
]);

/**
 * Whether a broker that answers has only not got there yet: a coordinator is being made, moved or loaded, or
 * a leader chosen. After many partitions were created, or a broker ended, that takes longer than a request
 * may.
 */
export function isNotReady(code: string | undefined): boolean {
  return code !== undefined && NOT_READY.has(code);
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Errors of a record itself: written again, it would be refused again. */
export const REFUSALS: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
]);

/** What to do about records that a broker did not take. */
export const PRODUCE_REMEDIES: ReadonlyMap<string, string> = new Map([
  ...["NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"].map((name) =>
    [
      name,
      "fewer replicas are in sync than the topic's min.insync.replicas: is a broker down, " +
      "or are there fewer replicas than that?",
    ] as const
  ),
  ["TOPIC_AUTHORIZATION_FAILED", "the credentials need the right to write to the topic"],
  [
    "INVALID_TIMESTAMP",
    "the topic's message.timestamp.before.max.ms and after.max.ms say how far from now is allowed",
  ],
]);

/** What to do about records that could not be deleted. */
export const DELETE_REMEDIES: ReadonlyMap<string, string> = new Map([
  ["OFFSET_OUT_OF_RANGE", "the partition ends before that offset: was the topic deleted and made again?"],
  ["POLICY_VIOLATION", "records are only deleted of topics whose cleanup.policy has delete"],
  ["TOPIC_AUTHORIZATION_FAILED", "the credentials need the right to delete from the topic"],
]);

/** What to do about an error of a topic that could not be created. */
export const CREATE_REMEDIES: ReadonlyMap<string, string> = new Map([
  ["INVALID_REPLICATION_FACTOR", "ask for at most as many replicas as there are brokers"],
  ["INVALID_PARTITIONS", "ask for one partition or more"],
  [
    "TOPIC_AUTHORIZATION_FAILED",
    "the credentials need the right to create it, or let an administrator create it",
  ],
  ["CLUSTER_AUTHORIZATION_FAILED", "the credentials need the right to create topics"],
  ["POLICY_VIOLATION", "the cluster's policy wants other settings"],
]);
