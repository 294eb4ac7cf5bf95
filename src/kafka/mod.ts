/**
 * Kafka, and a log in memory that stands in for it.
 *
 * @module
 */
export {
  AssignmentRefused,
  BrokerUnavailable,
  CommitRejected,
  KafkaError,
  ProduceError,
  ProducerFenced,
} from "./port/errors.ts";
export { type BytesRange, ReusedRange, whole } from "./port/bytes_range.ts";
export type { Fetcher, FetcherOptions, PartitionBounds } from "./port/fetcher.ts";
export type { Assignor, GroupMember, GroupOptions, Member, MemberAssignment } from "./port/group.ts";
export type { Log, LogHealth } from "./port/log.ts";
export { type Logger, stderrLogger } from "./port/logger.ts";
export { murmur2, partitionFor } from "./port/murmur2.ts";
export type { GroupOffsets, Producer, ProducerOptions, RefusedRecord, Substitute } from "./port/producer.ts";
export {
  type OffsetSpot,
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "./port/topics.ts";
export { ConfigError, type ConnectionConfig, connectionConfig, type Env } from "./config.ts";
export type { ClientCredentials, PasswordCredentials, SaslConfig } from "./security/sasl_config.ts";
export type { Secret, SecretFile } from "./security/secret.ts";
export type { Security } from "./security/security_config.ts";
export type { TlsConfig } from "./security/tls.ts";
export type { KafkaLogOptions } from "./client/kafka_log_options.ts";
export { MemoryLog, type MemoryLogOptions } from "./memory/memory_log.ts";
export { ensureTopics, type TopicsLogger } from "./common/ensure_topics.ts";
export { waitForBroker, type WaitForBrokerOptions, WaitInterrupted } from "./common/wait_for_broker.ts";
export { openKafkaLog } from "./open_kafka_log.ts";
export { type RecordHeader, type RecordHeaders, RecordSet } from "./port/record_set.ts";
