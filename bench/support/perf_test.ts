/**
 * Kafka's own producer benchmark, as `kafka-producer-perf-test.sh` starts it.
 *
 * @module
 */
import { join } from "@std/path";
import { kafkaJars } from "../../scripts/support/broker.ts";
import { KAFKA_VERSION } from "../../scripts/support/broker_config.ts";
import { cacheDir } from "../../scripts/support/cache.ts";
import { findJava } from "../../scripts/support/commands.ts";
import { mavenFiles } from "../../scripts/support/maven.ts";

/** What the scripts of Kafka's distribution give the JVM of the tool: kafka-run-class.sh, and the heap of kafka-producer-perf-test.sh. */
const JVM_OPTIONS = [
  "-Xmx512M",
  "-server",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-XX:InitiatingHeapOccupancyPercent=35",
  "-XX:+ExplicitGCInvokesConcurrent",
  "-Djava.awt.headless=true",
];

/** A command line. */
export interface PerfTest {
  readonly command: string;
  args(run: PerfTestRun): string[];
}

/** What one run writes. */
export interface PerfTestRun {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  /** Bytes of each value; there are no keys. */
  readonly recordBytes: number;
  /** Records a second; default −1, all that is possible. */
  readonly throughput?: number;
}

/**
 * The benchmark, fetched where it is missing.
 *
 * @throws {Error} Without Java or Maven.
 */
export async function perfTest(report: (line: string) => void): Promise<PerfTest> {
  const java = await findJava();
  if (java === undefined || java.version < 17) {
    throw new Error(
      `Cannot run kafka-producer-perf-test: received ${
        java ? `Java ${java.version}` : "no Java"
      }; install Java 17 or newer`,
    );
  }
  const jars = await kafkaJars(report);
  const tools = await mavenFiles({
    what: `Kafka's tools ${KAFKA_VERSION}`,
    artifacts: [`org.apache.kafka:kafka-tools:${KAFKA_VERSION}`],
    into: join(cacheDir(), `kafka-tools-${KAFKA_VERSION}`),
    // What it needs of them is among the broker's jars.
    transitive: false,
    report,
  });
  const classPath = [join(tools, "*"), join(jars, "*")].join(Deno.build.os === "windows" ? ";" : ":");
  return {
    command: java.command,
    args: ({ bootstrap, topic, records, recordBytes, throughput = -1 }) => [
      ...JVM_OPTIONS,
      "-cp",
      classPath,
      "org.apache.kafka.tools.ProducerPerformance",
      "--bootstrap-server",
      bootstrap,
      "--topic",
      topic,
      "--num-records",
      String(records),
      "--record-size",
      String(recordBytes),
      "--throughput",
      String(throughput),
      "--command-property",
      "acks=all",
    ],
  };
}
