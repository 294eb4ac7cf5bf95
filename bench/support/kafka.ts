/**
 * The Kafka that a benchmark runs on.
 *
 * @module
 */
import { createLogger, type LogLevel } from "../../src/cli/log.ts";
import { progress } from "../../src/cli/write.ts";
import { connectionConfig, type Log } from "../../src/kafka/mod.ts";
import { KafkaLog } from "../../src/kafka/client/kafka_log.ts";
import { startBroker } from "../../scripts/support/broker.ts";

/** Settings of {@linkcode withKafka}. */
export interface KafkaSettings {
  /** The program's name, for its log lines and its connections. */
  readonly name: string;
  readonly logLevel: LogLevel;
}

/** A Kafka to measure on. */
export interface BenchKafka {
  readonly log: Log;
  readonly brokers: readonly string[];
  /** Whether its connections need TLS and credentials. */
  readonly secured: boolean;
}

/** A line of progress, to standard error: the result alone is on standard output. */
export { progress as say } from "../../src/cli/write.ts";

/** Runs `body` on the Kafka that `KAFKA_BROKERS` names; without it on a broker of its own, which is wiped afterwards. */
export async function withKafka<T>(
  settings: KafkaSettings,
  body: (kafka: BenchKafka) => Promise<T>,
): Promise<T> {
  const { name, logLevel } = settings;
  const logger = createLogger({ name, level: logLevel === "info" ? "warn" : logLevel });
  const broker = Deno.env.get("KAFKA_BROKERS") === undefined
    ? await startBroker({ report: progress })
    : undefined;
  try {
    const config = connectionConfig((name) => Deno.env.get(name));
    const brokers = broker === undefined ? config.brokers : [broker.bootstrap];
    const log = new KafkaLog({ ...config, brokers }, { clientId: name, logger });
    try {
      return await body({ log, brokers, secured: config.ssl });
    } finally {
      await log.close();
    }
  } finally {
    await broker?.wipe();
  }
}
