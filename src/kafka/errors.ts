/**
 * What goes wrong between this client and a Kafka broker.
 *
 * @module
 */

/** No broker could be reached. The message says which were tried, why each failed, and what to do. */
export class BrokerUnavailable extends Error {
  override name = "BrokerUnavailable";
}

/** A broker answered a request with an error. */
export class KafkaError extends Error {
  override name = "KafkaError";
  /** Kafka's name of the error, such as `TOPIC_AUTHORIZATION_FAILED`. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  constructor(code: string, message: string, retriable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retriable = retriable;
  }
}

/** A connection broke, or a request was not answered in time. The request may have been carried out. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/** Whether it makes sense to try again after this error. */
export function isRetriable(error: unknown): error is Error {
  return error instanceof ConnectionLost || error instanceof BrokerUnavailable ||
    (error instanceof KafkaError && error.retriable);
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
