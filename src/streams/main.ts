/**
 * The `streams` binary: runs the sessions topology on Kafka.
 *
 * @module
 */
import { parseArguments } from "../cli/arguments.ts";
import { createLogger } from "../cli/log.ts";
import { main } from "../cli/main.ts";
import { memoryLimit } from "../cli/memory_limit.ts";
import { writeAll } from "../cli/write.ts";
import { SchemaRegistry } from "../serde/mod.ts";
import { connectionConfig, openKafkaLog, WaitInterrupted } from "../kafka/mod.ts";
import { STREAMS } from "./flags.ts";
import { sessionsTopology } from "./sessions_topology.ts";
import { startStreams } from "./start.ts";

/**
 * The part of a container's memory that state may take: the rest is the process, its buffers, and what grows
 * before the old is freed.
 */
const STATE_PART = 0.5;

/** What the flag stands for, 0 and left out too. */
function stateMaxBytes(flag: number | undefined): number {
  if (flag === undefined) return Math.floor((memoryLimit() ?? Infinity) * STATE_PART);
  return flag === 0 ? Infinity : flag;
}

if (import.meta.main) {
  await main("streams", async (signal) => {
    const flags = parseArguments(STREAMS, Deno.args);
    const registryOf = (url: string | undefined) => url === undefined ? undefined : new SchemaRegistry(url);
    if (flags.describe) {
      writeAll(Deno.stdout, sessionsTopology().describe() + "\n");
      return;
    }
    const logger = createLogger({ name: "streams", level: flags.logLevel });
    const config = connectionConfig((name) => Deno.env.get(name));
    const log = await openKafkaLog(config, {
      clientId: flags.clientId,
      logger,
      // Of the producer, the fetcher and the group: while the topics are looked at.
      spareConnections: 3,
    });
    try {
      const streams = await startStreams({
        log,
        logger,
        registry: registryOf(config.schemaRegistry),
        metrics: { port: flags.metricsPort, host: flags.metricsHost },
        metricsLevel: flags.metricsLevel,
        waitForBroker: { forMs: flags.waitForBroker, signal },
        applicationId: flags.applicationId,
        clientId: flags.clientId,
        commitIntervalMs: flags.commitInterval,
        graceMs: flags.grace,
        retentionMs: flags.retention === 0 ? Infinity : flags.retention,
        partitions: flags.partitions,
        replicationFactor: flags.replicationFactor ?? (config.sasl === undefined ? 1 : 3),
        onUndecodable: flags.onUndecodable,
        onProcessingError: flags.onProcessingError,
        onProductionError: flags.onProductionError,
        ...(flags.deadLetterTopic === undefined ? {} : { deadLetterTopic: flags.deadLetterTopic }),
        onMissingTopic: flags.onMissingTopic,
        advertise: flags.advertise,
        processingGuarantee: flags.processingGuarantee,
        numStandbyReplicas: flags.standbyReplicas,
        store: flags.store,
        cacheMaxBytes: flags.cacheMaxBytes,
        stateMaxBytes: stateMaxBytes(flags.stateMaxBytes),
        onStateFull: flags.onStateFull,
        stateDir: flags.stateDir,
        sessionTimeoutMs: flags.sessionTimeout,
        stallTimeoutMs: flags.stallTimeout,
        ...(flags.groupInstanceId === undefined ? {} : { groupInstanceId: flags.groupInstanceId }),
      });
      const asked = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      });
      await Promise.race([asked, streams.app.done]);
      await streams.close();
    } catch (error) {
      if (!(error instanceof WaitInterrupted)) throw error;
      logger.info("stopped before it began");
    } finally {
      await log.close();
    }
  }, { graceMs: 5_000 });
}
