/**
 * What a program may set of a log on Kafka, besides the connection.
 *
 * @module
 */
import type { Logger } from "../port/logger.ts";

/** Settings of a log on Kafka that are not about the connection. */
export interface KafkaLogOptions {
  /** What the brokers call this client in their logs, quotas and group descriptions. Default `kos`. */
  readonly clientId?: string;
  /** Told what goes wrong without ending anything. Default: lines on standard error. */
  readonly logger?: Logger;
  /** How often a group's leader looks for new partitions of its topics, in ms. Default 30,000. */
  readonly metadataRefreshMs?: number;
  /**
   * How many connections are opened at once, for the first producers, fetchers and group members to come.
   * Default 0.
   */
  readonly spareConnections?: number;
}
