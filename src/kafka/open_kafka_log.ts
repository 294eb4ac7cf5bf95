/**
 * The way from a connection's settings to a log on Kafka.
 *
 * @module
 */
import type { KafkaLogOptions } from "./client/kafka_log_options.ts";
import type { ConnectionConfig } from "./config.ts";
import type { Log } from "./port/log.ts";

/**
 * A Kafka cluster as a {@linkcode Log}. Connects when it is first used. kafkajs is loaded by the first call,
 * so that a program that never speaks to Kafka does not load it.
 *
 * @example
 * ```ts ignore
 * import process from "node:process";
 * import { connectionConfig } from "./config.ts";
 * import { openKafkaLog } from "./open_kafka_log.ts";
 *
 * const log = await openKafkaLog(connectionConfig((name) => process.env[name]));
 * await log.createTopics([{ topic: "greetings", partitions: 3 }]);
 * console.log(await log.describeTopics(["greetings"]));
 * await log.close();
 * ```
 *
 * @throws {ConfigError} When the file with the certificate authorities can't be read.
 * @throws {Error} When the installed kafkajs is not as known: the message names what it lacks.
 */
export async function openKafkaLog(config: ConnectionConfig, options: KafkaLogOptions = {}): Promise<Log> {
  const { KafkaLog } = await import("./client/kafka_log.ts");
  return new KafkaLog(config, options);
}
