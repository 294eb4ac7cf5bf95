/**
 * Kafka, and a log in memory that stands in for it.
 *
 * @module
 */
export { AssignmentRefused } from "./port/assignment_refused.ts";
export { type BytesRange, ReusedRange, whole } from "./port/bytes_range.ts";
export { ConfigError, type ConnectionConfig, connectionConfig } from "./config.ts";
export { BrokerUnavailable, KafkaError } from "./port/errors.ts";
export type { KafkaLogOptions } from "./client/kafka_log_options.ts";
export {
  type Assignor,
  CommitRejected,
  type Fetcher,
  type FetcherOptions,
  type GroupMember,
  type GroupOffsets,
  type GroupOptions,
  type Log,
  type LogHealth,
  type Member,
  type MemberAssignment,
  partitionKey,
  ProduceError,
  type Producer,
  ProducerFenced,
  type ProducerOptions,
  type RefusedRecord,
  type Substitute,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "./port/log.ts";
export { MemoryLog, type MemoryLogOptions } from "./memory/memory_log.ts";
export { waitForBroker, type WaitForBrokerOptions, WaitInterrupted } from "./common/wait_for_broker.ts";
export { openKafkaLog } from "./open_kafka_log.ts";
export { type RecordHeader, type RecordHeaders, RecordSet } from "./port/record_set.ts";
