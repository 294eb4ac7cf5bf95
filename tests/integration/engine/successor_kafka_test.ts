import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { KAFKA_VERSION } from "../../../scripts/support/broker_config.ts";
import { cacheDir, exists } from "../../../scripts/support/cache.ts";
import { commandWorks, findJava } from "../../../scripts/support/commands.ts";
import { mavenFiles, mavenWorks } from "../../../scripts/support/maven.ts";
import { JoinWindows, StreamsApp, StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import { stringSerde } from "../../../src/serde/mod.ts";
import { until } from "../../engine/app/app_contract.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

const JARS = join(cacheDir(), `kafka-streams-${KAFKA_VERSION}`);
const java = await findJava();
// A single source file is compiled as it is started, which takes a JDK, not only a runtime.
const ignore = (java?.version ?? 0) < 17 || !(await commandWorks("javac", ["-version"])) ||
  !((await exists(JARS)) || (await mavenWorks()));

const text = { key: stringSerde(), value: stringSerde() };

/** What Successor.java builds, in the same steps. */
function topology(name: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-lines`, text)
    .flatMapValues((line) => line.split(" "))
    .groupBy((_key, word) => word, text)
    .count()
    .toStream()
    .mapValues(String)
    .to(`${name}-out`, text);
  const windows = JoinWindows.ofTimeDifferenceWithNoGrace(3_600_000);
  builder.stream(`${name}-left`, text)
    .join(builder.stream(`${name}-right`, text), (one, other) => `${one}+${other}`, windows, {
      ...text,
      otherValue: stringSerde(),
    })
    .to(`${name}-out`, text);
  return builder.build();
}

/** Runs Kafka Streams while `body` does. */
async function withKafkaStreams(name: string, body: () => Promise<void>): Promise<void> {
  const jars = await mavenFiles({
    what: `Kafka Streams ${KAFKA_VERSION} (100 MB)`,
    artifacts: [`org.apache.kafka:kafka-streams:${KAFKA_VERSION}`],
    into: JARS,
    report: () => {},
  });
  const source = new URL("./Successor.java", import.meta.url).pathname;
  await withDirectoryWhile(async (state) => {
    const child = new Deno.Command(java!.command, {
      args: ["-XX:TieredStopAtLevel=1", "-cp", join(jars, "*"), source, brokers().join(","), name, state],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await body();
      await child.stdin.close();
      assertEquals((await child.status).code, 0);
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
  });
}

/** Runs kos on the log while `body` does. */
async function withKos(log: Log, name: string, body: () => Promise<void>): Promise<void> {
  const app = new StreamsApp(topology(name), log, { applicationId: `${name}-app` });
  try {
    await app.start();
    await body();
  } finally {
    await app.close();
  }
}

const TOPICS = ["lines", "left", "right", "out"];

/** The topics of the application's own, by the names that they have here; so Kafka Streams must name them, too. */
function ownTopics(name: string): string[] {
  const { stores, repartitionTopics } = topology(name);
  return [...[...stores.keys()].map((store) => `${store}-changelog`), ...repartitionTopics.keys()]
    .map((own) => `${name}-app-${own}`);
}

/** Writes records and reads what comes out. */
class Outside {
  readonly #name: string;
  readonly #producer;
  readonly #fetcher;
  readonly #seen: string[] = [];

  constructor(log: Log, name: string) {
    this.#name = name;
    this.#producer = log.producer();
    this.#fetcher = log.fetcher();
    this.#fetcher.assign({ topic: `${name}-out`, partition: 0 }, 0);
  }

  async write(...records: readonly (readonly [topic: string, value: string])[]): Promise<void> {
    const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
    for (const [topic, value] of records) {
      this.#producer.append(
        `${this.#name}-${topic}`,
        0,
        Date.now(),
        whole(bytes("key")),
        whole(bytes(value)),
      );
    }
    await this.#producer.flush();
  }

  /** Waits for so many results, and gives all since the last call, sorted: parts of a topology go by themselves. */
  async results(count: number): Promise<string[]> {
    const decoder = new TextDecoder();
    await until(`${count} results`, async () => {
      for (const set of await this.#fetcher.poll(100)) {
        for (let i = 0; i < set.count; i++) {
          this.#seen.push(`${decoder.decode(set.key(i)!)} ${decoder.decode(set.value(i)!)}`);
        }
      }
      return this.#seen.length >= count;
    }, 60_000);
    return this.#seen.splice(0).sort();
  }

  async close(): Promise<void> {
    await this.#producer.close();
    await this.#fetcher.close();
  }
}

Deno.test({
  name:
    "Kafka: it goes on where Kafka Streams stopped, with its offsets and state, and Kafka Streams after it",
  ignore,
  async fn() {
    const name = `successor-${crypto.randomUUID()}`;
    const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
    await log.createTopics(TOPICS.map((topic) => ({ topic: `${name}-${topic}`, partitions: 1 })));
    const outside = new Outside(log, name);
    try {
      await withKafkaStreams(name, async () => {
        await outside.write(["lines", "a b a"], ["left", "l1"], ["right", "r1"]);
        assertEquals(await outside.results(4), ["a 1", "a 2", "b 1", "key l1+r1"]);
        const own = ownTopics(name);
        assertEquals([...(await log.describeTopics(own)).keys()].sort(), own.sort());
      });
      await withKos(log, name, async () => {
        await outside.write(["lines", "a c"], ["left", "l2"]);
        assertEquals(await outside.results(3), ["a 3", "c 1", "key l2+r1"]);
      });
      await withKafkaStreams(name, async () => {
        await outside.write(["lines", "a c"], ["right", "r2"]);
        assertEquals(await outside.results(4), ["a 4", "c 2", "key l1+r2", "key l2+r2"]);
      });
    } finally {
      await outside.close();
      await log.deleteTopics([...TOPICS.map((topic) => `${name}-${topic}`), ...ownTopics(name)]);
      await log.close();
    }
  },
});
