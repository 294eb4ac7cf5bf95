/**
 * Builds the opponent: the Maven project in bench/kafka-streams.
 *
 * @module
 */
import { join } from "@std/path";
import { cacheDir, fillOnce } from "../../scripts/support/cache.ts";
import { findJava, tryRun } from "../../scripts/support/commands.ts";
import { ScriptError } from "../../scripts/support/errors.ts";
import { mavenWorks } from "../../scripts/support/maven.ts";

const PROJECT = join(import.meta.dirname!, "..", "kafka-streams");
/** The schemas that the project's classes are generated from. */
const SCHEMAS = join(import.meta.dirname!, "..", "..", "src", "game");
/** The oldest Java that runs it. */
const OLDEST_JAVA = 17;
/** For the first build, which downloads 100 MB. */
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** A build that can be run. */
export interface KafkaStreamsBuild {
  /** The command that starts a JVM. */
  readonly java: string;
  /** The JVM's feature version, such as 17. */
  readonly javaVersion: number;
  /** The folder with all jars. */
  readonly jars: string;
}

/**
 * Builds it once for its sources, into the cache: the folder's name tells them, so that a change builds anew.
 *
 * @throws {ScriptError} Without a JDK or Maven, or when the build fails.
 */
export async function kafkaStreamsBuild(report: (line: string) => void): Promise<KafkaStreamsBuild> {
  const java = await findJava();
  if (java === undefined || java.version < OLDEST_JAVA) {
    throw new ScriptError(
      `Cannot run Kafka Streams: received ${java === undefined ? "no Java" : `Java ${java.version}`}; ` +
        `install a JDK of Java ${OLDEST_JAVA} or newer, and Maven`,
    );
  }
  const built = await fillOnce(
    join(cacheDir(), `bench-kafka-streams-${await sourcesHash()}`),
    async (dir) => {
      if (!(await mavenWorks())) {
        throw new ScriptError("Cannot build Kafka Streams' side: received no mvn; install Maven");
      }
      report("Building Kafka Streams' side with Maven");
      const output = await tryRun("mvn", [
        "-q",
        "--batch-mode",
        "--strict-checksums",
        "-Dstyle.color=never",
        "--file",
        join(PROJECT, "pom.xml"),
        `-Dbuild.dir=${dir}`,
        "package",
      ], BUILD_TIMEOUT_MS);
      if (!output?.success) {
        throw new ScriptError(`Cannot build ${PROJECT}: received "${output?.text.trim().slice(0, 2_000)}"`);
      }
    },
  );
  return { java: java.command, javaVersion: java.version, jars: join(built, "jars") };
}

/** A hash of all that the build reads. */
async function sourcesHash(): Promise<string> {
  const files: string[] = [];
  const collect = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      // What Maven leaves there when it is run by hand.
      if (isDirectory && name !== "target") await collect(join(folder, name));
      else if (!isDirectory) files.push(join(folder, name));
    }
  };
  await collect(PROJECT);
  for await (const { name } of Deno.readDir(SCHEMAS)) {
    if (name.endsWith(".avsc")) files.push(join(SCHEMAS, name));
  }
  files.sort();
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\0")));
  return new Uint8Array(digest).toHex().slice(0, 12);
}
