/**
 * Which of the two clients a log on Kafka gets.
 *
 * @module
 */
import type { ConnectionConfig } from "./config.ts";
import { messageOf } from "./port/errors.ts";
import type { KafkaLogOptions } from "./client/kafka_log_options.ts";
import type { Log } from "./port/log.ts";
import { stderrLogger } from "./port/logger.ts";

/**
 * `fast`: own record batches, fetches and group membership on kafkajs's internals, which must be exactly as known. `kafkajs`: its
 * public interface alone, which is slower. `auto`: the fast one where kafkajs is as known, else the other, with a warning.
 */
export type KafkaClient = "auto" | "fast" | "kafkajs";

/** Settings of {@linkcode openKafkaLog}. */
export interface OpenKafkaLogOptions extends KafkaLogOptions {
  /** Default `auto`. */
  readonly client?: KafkaClient;
}

/** A module's class that implements the Log port. */
export type KafkaLogClass = new (config: ConnectionConfig, options?: KafkaLogOptions) => Log;

/**
 * A Kafka cluster as a {@linkcode Log}. Connects when it is first used.
 *
 * @example
 * ```ts no-eval
 * import { connectionConfig } from "./config.ts";
 * import { openKafkaLog } from "./open_kafka_log.ts";
 *
 * const log = await openKafkaLog(connectionConfig((name) => Deno.env.get(name)));
 * await log.createTopics([{ topic: "greetings", partitions: 3 }]);
 * console.log(await log.describeTopics(["greetings"]));
 * await log.close();
 * ```
 *
 * @throws {ConfigError} When the file with the certificate authorities can't be read.
 * @throws {Error} With the client `fast`, when the installed kafkajs is not as known: the message names what it lacks.
 */
export function openKafkaLog(config: ConnectionConfig, options: OpenKafkaLogOptions = {}): Promise<Log> {
  return openWith(config, options, loadFast, loadPublic);
}

/** {@linkcode openKafkaLog} with what it loads. */
export async function openWith(
  config: ConnectionConfig,
  options: OpenKafkaLogOptions,
  fast: () => Promise<KafkaLogClass>,
  slow: () => Promise<KafkaLogClass>,
): Promise<Log> {
  const { client = "auto", logger = stderrLogger } = options;
  let chosen: KafkaLogClass | undefined;
  if (client !== "kafkajs") {
    try {
      chosen = await fast();
    } catch (error) {
      if (client === "fast") throw error;
      logger.warn(
        `${
          messageOf(error)
        }. Until then kafkajs's public interface is used, which is slower (--kafka-client)`,
      );
    }
  }
  chosen ??= await slow();
  return new chosen(config, options);
}

// Loaded when needed: the one checks kafkajs while it is loaded. Literal, so that a bundle holds both.
const loadFast = async (): Promise<KafkaLogClass> => (await import("./client/kafka_log.ts")).KafkaLog;
const loadPublic = async (): Promise<KafkaLogClass> =>
  (await import("./public_client/log.ts")).PublicKafkaLog;
