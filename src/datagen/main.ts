/**
 * The `datagen` binary: writes game frames to Kafka. `deno task gen --help` has its flags.
 *
 * @module
 */
import process from "node:process";
import { Registry } from "../metrics/prom_client.ts";
import { avroSerde, registryFrom } from "../serde/mod.ts";
import { parseArguments } from "../cli/arguments.ts";
import { connectionEnv } from "../cli/connection_flags.ts";
import { createLogger, type Logger } from "../cli/log.ts";
import { aborted, EXIT, main } from "../cli/main.ts";
import { VERSION } from "../cli/version.ts";
import { stdout, writeAll } from "../cli/write.ts";
import type { FrameBody, FrameHeader } from "../game/hit.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA } from "../game/schemas.ts";
import { connectionConfig, openKafkaLog, waitForBroker, WaitInterrupted } from "../kafka/mod.ts";
import { watchEventLoop } from "../metrics/event_loop.ts";
import type { HttpServer } from "../metrics/http_server.ts";
import { exportMetrics } from "../metrics/open_telemetry.ts";
import { probe } from "../metrics/probe.ts";
import { registerProcessMetrics } from "../metrics/process_metrics.ts";
import { serveMetrics } from "../metrics/server.ts";
import { serveControl } from "./control.ts";
import { type Flags, GEN } from "./flags.ts";
import { type GeneratorOptions, type RunningGenerator, startGenerator } from "./generator.ts";
import { registerGeneratorMetrics } from "./metrics.ts";
import { Progress, summaryJson, summaryLine } from "./progress.ts";
import { SendWatch } from "./send_watch.ts";

/** How often a line of progress is written, and whether records are acknowledged is looked at, in ms. */
const PROGRESS_MS = 1000;

if (import.meta.main) await main("gen", (signal) => run(process.argv.slice(2), signal), { graceMs: 5000 });

/** Runs until the duration, the count or the signal ends it. */
async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseArguments(GEN, args);
  if (flags.probe !== undefined) return await probeAnother(flags.probe, flags, signal);
  const logger = createLogger({ name: "gen", level: flags.logLevel });
  const env = connectionEnv(flags);
  const config = connectionConfig(env);
  const registry = registryFrom(env);
  const log = await openKafkaLog(config, { clientId: "kos-gen", logger });
  let generator: RunningGenerator | undefined;
  let waiting = false;
  // Before anything is written: a port that is taken is a wrong flag.
  const watch = new SendWatch(PROGRESS_MS, flags.stallTimeout);
  const servers = await serve(
    flags,
    () => generator,
    () => generator ? watch.notReady : [waiting ? "waiting for a broker" : "starting"],
    watch,
    logger,
  );
  try {
    waiting = true;
    await waitForBroker(log, { forMs: flags.waitForBroker, signal, logger });
    waiting = false;
    const starting = startGenerator({
      ...generatorOptions(flags),
      log,
      serdes: {
        header: avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry }),
        body: avroSerde<FrameBody>(FRAME_BODY_SCHEMA, { registry }),
      },
      replicationFactor: flags.replicationFactor ?? (config.sasl === undefined ? 1 : 3),
      signal,
      logger,
    });
    generator = await Promise.race([starting, aborted(signal)]);
    if (generator === undefined) {
      logger.info("stopped before it began");
      return EXIT.ok;
    }
    logger.info(`writing to ${log.description}`, {
      seed: generator.seed,
      machines: generator.machines,
      partitions: generator.partitions,
    });
    return await follow(generator, flags, watch, logger);
  } catch (error) {
    if (!(error instanceof WaitInterrupted)) throw error;
    logger.info("stopped before it began");
    return EXIT.ok;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    if (generator !== undefined) await log.close();
  }
}

/** Whether another generator is ready, and counts what it sends. */
async function probeAnother(url: string, { within }: Flags, signal: AbortSignal): Promise<number> {
  const series = [{ name: "kos_datagen_records_sent_total" }];
  const say = (line: string): void => writeAll(stdout, `${line}\n`);
  return await probe({ url, series, withinMs: within, signal }, say) ? EXIT.ok : EXIT.failure;
}

function generatorOptions(flags: Flags): Omit<GeneratorOptions, "log" | "serdes"> {
  return {
    rate: flags.rate,
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
    ...(flags.count === undefined ? {} : { count: flags.count }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.machines === undefined ? {} : { machines: flags.machines }),
    topicPrefix: flags.topicPrefix,
    partitions: flags.partitions,
    producer: { compression: flags.compression, deliveryTimeoutMs: flags.deliveryTimeout },
  };
}

/** Writes progress until the generator ends, then its summary; the exit code. */
async function follow(
  generator: RunningGenerator,
  flags: Flags,
  watch: SendWatch,
  logger: Logger,
): Promise<number> {
  const progress = new Progress();
  const timer = setInterval(() => {
    const stats = generator.stats();
    logger.plain(progress.line(stats));
    const news = watch.observe(performance.now(), Date.now(), stats);
    if (news !== undefined) logger.warn(news);
  }, PROGRESS_MS);
  try {
    const summary = await generator.done;
    if (flags.json) writeAll(stdout, JSON.stringify(summaryJson(summary)) + "\n");
    logger.plain(summaryLine(summary));
    if (summary.lost === 0) return EXIT.ok;
    logger.error(`lost ${summary.lost} records: ${summary.lostWhy ?? "they were not acknowledged"}`);
    return EXIT.failure;
  } finally {
    clearInterval(timer);
  }
}

async function serve(
  flags: Flags,
  generator: () => RunningGenerator | undefined,
  notReady: () => readonly string[],
  watch: SendWatch,
  logger: Logger,
): Promise<HttpServer[]> {
  const servers: HttpServer[] = [];
  const onError = (error: unknown) => logger.error(`Cannot answer a request: ${error}`);
  if (flags.controlPort !== "off") {
    const control = await serveControl({
      throughput: generator,
      host: flags.controlHost,
      port: flags.controlPort,
      onChange: (what) => logger.info(`throughput set: ${what}`),
      onError,
    });
    logger.info(`control at ${control.url}/throughput`);
    servers.push(control);
  }
  if (flags.metricsPort !== "off") {
    const registry = new Registry();
    registerProcessMetrics({ registry, component: "gen", version: VERSION });
    registerGeneratorMetrics(registry, () => generator()?.stats());
    const metrics = await serveMetrics({
      registry,
      host: flags.metricsHost,
      port: flags.metricsPort,
      notReady,
      unhealthy: () => watch.stalls,
      onError,
    });
    logger.info(`metrics at ${metrics.url}/metrics`);
    const eventLoop = watchEventLoop(registry);
    exportMetrics(registry);
    servers.push({
      ...metrics,
      close: () => {
        eventLoop.close();
        return metrics.close();
      },
    });
  }
  return servers;
}
