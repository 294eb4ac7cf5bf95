/**
 * A Kafka that clients reach over a long way, and the benchmark itself directly.
 *
 * @module
 */
import { createLogger, type LogLevel } from "../../src/cli/log.ts";
import { connectionConfig } from "../../src/kafka/mod.ts";
import { KafkaLog } from "../../src/kafka/client/kafka_log.ts";
import { startBroker } from "../../scripts/support/broker.ts";
import { freePorts } from "../../scripts/support/ports.ts";
import { startProxy } from "../../scripts/support/proxy.ts";
import { type BenchKafka, say } from "./kafka.ts";

/** See the module. */
export interface LinkedKafka extends BenchKafka {
  /** Where the broker is reached directly. */
  readonly direct: readonly string[];
  /** Sets what is added each way, in ms, for what passes from now on. */
  setDelay(ms: number): void;
}

/** Runs `body` on a broker of its own behind a proxy, both of which are gone afterwards. `brokers` is the proxy, `log` goes past it. */
export async function withLinkedKafka<T>(
  { name, logLevel }: { readonly name: string; readonly logLevel: LogLevel },
  body: (kafka: LinkedKafka) => Promise<T>,
): Promise<T> {
  const [port, advertise] = freePorts(2) as [number, number];
  const broker = await startBroker({ proxied: { port, advertise }, report: say });
  try {
    const proxy = await startProxy({ target: { port }, port: advertise });
    try {
      const logger = createLogger({ name, level: logLevel === "info" ? "warn" : logLevel });
      // Whatever the environment names is another Kafka.
      const config = { ...connectionConfig(() => undefined), brokers: [broker.bootstrap] };
      const log = new KafkaLog(config, { clientId: name, logger });
      try {
        return await body({
          log,
          brokers: [`localhost:${advertise}`],
          direct: [broker.bootstrap],
          secured: false,
          setDelay: (ms) => proxy.setDelay(ms),
        });
      } finally {
        await log.close();
      }
    } finally {
      await proxy.close();
    }
  } finally {
    await broker.wipe();
  }
}
