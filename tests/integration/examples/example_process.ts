/** An example as a whole program on the broker, with topics of its own, and what it writes. */
import { assertEquals } from "@std/assert";
import { type Consumed, silentLogger, StreamsApp, StreamsBuilder } from "@kos/kos";
import { freePorts } from "../../../scripts/support/ports.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { partitionFor } from "../../../src/kafka/port/murmur2.ts";
import { until } from "../../engine/app/app_contract.ts";
import { bytes, type TestRecord, writeRecords } from "../../kafka/port/records.ts";
import { ended } from "../../support/ended.ts";
import { isReady } from "../../support/ready.ts";
import { brokers, connection } from "../kafka/broker.ts";

const ROOT = new URL("../../../", import.meta.url);

/** As many as `run` creates. */
const PARTITIONS = 4;

/** How long to wait for what comes, in ms: of a machine that runs other tests as well. */
export const PATIENCE_MS = 120_000;

/** A record to write, in the partition that Kafka's partitioner gives its key. */
export type Keyed = Omit<TestRecord, "partition"> & { readonly key: string };

/** A record that came out. */
export interface Out<V> {
  readonly key: string | null;
  readonly value: V;
}

/** One example that runs. */
export class Example {
  readonly name: string;
  /** What its topics begin with. */
  readonly prefix: string = `${crypto.randomUUID()}-`;
  /** Where its metrics are. */
  readonly url: string;
  /** Where its stores are read. */
  readonly storesUrl: string;
  readonly log: KafkaLog = new KafkaLog(connection(), { clientId: "test", logger: silentLogger });
  readonly #env: Record<string, string>;
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  #ended = false;

  private constructor(name: string, flags: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    const [port, storesPort] = freePorts(2) as [number, number];
    this.url = `http://127.0.0.1:${port}`;
    this.storesUrl = `http://127.0.0.1:${storesPort}`;
    this.#env = {
      KAFKA_BROKERS: brokers().join(","),
      SCHEMA_REGISTRY: "",
      NO_COLOR: "1",
      KOS_PREFIX: this.prefix,
      ...env,
    };
    const ports = [`--metrics-port=${port}`, `--stores-port=${storesPort}`];
    const own = [`--application-id=${this.prefix}${name}`, ...ports];
    this.#child = this.#spawn(["-P=example", `examples/${name}/main.ts`, ...own, ...flags]);
    this.#stderr = new Response(this.#child.stderr).text();
    this.#child.status.then(() => this.#ended = true);
  }

  /**
   * Starts an example and gives it to a test, which ends it in order.
   *
   * @param topics Its topics without the prefix, to be deleted afterwards.
   */
  static async with(
    name: string,
    { flags = [], env = {}, topics }: {
      readonly flags?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      readonly topics: readonly string[];
    },
    body: (example: Example) => Promise<void>,
  ): Promise<void> {
    const example = new Example(name, ["--metrics-host=127.0.0.1", ...flags], env);
    try {
      await example.#ready();
      await body(example);
      example.#child.kill("SIGTERM");
      assertEquals((await example.#child.status).code, 0, await example.#stderr);
    } finally {
      if (!example.#ended) example.#child.kill("SIGKILL");
      await example.#child.status;
      await example.#child.stdout.cancel();
      await example.log.deleteTopics(topics.map((topic) => example.prefix + topic));
      await example.log.close();
    }
  }

  /** Writes records to one of its topics. */
  async write(topic: string, records: readonly Keyed[]): Promise<void> {
    await writeRecords(
      this.log,
      this.prefix + topic,
      records.map((record) => {
        const key = bytes(record.key);
        return { ...record, partition: partitionFor(key, 0, key.length, PARTITIONS) };
      }),
    );
  }

  /** Gives a test the records of a topic, as a program with these serdes reads them, while they come. */
  async reading<V>(
    topic: string,
    consumed: Consumed<string, V>,
    body: (records: readonly Out<V>[]) => Promise<void>,
  ): Promise<void> {
    const records: Out<V>[] = [];
    const builder = new StreamsBuilder();
    builder.stream(this.prefix + topic, consumed).foreach((key, value) => {
      records.push({ key, value });
    });
    const app = new StreamsApp(builder.build(), this.log, { applicationId: `${this.prefix}${topic}-reader` });
    await app.start();
    try {
      await body(records);
    } finally {
      await app.close();
    }
  }

  /** Waits until the gauges say that nothing is left in a topic. */
  async caughtUp(topic: string): Promise<void> {
    const series = new RegExp(
      `^kos_consumer_lag_records\\{topic="${this.prefix}${topic}",partition="\\d"\\} 0$`,
      "gm",
    );
    await until(`nothing is left in ${topic}`, async () => {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      return text.match(series)?.length === PARTITIONS;
    }, PATIENCE_MS);
  }

  /** Runs what writes records for it, until a line with one that came out of it is printed. */
  async fed(output: string): Promise<void> {
    const feed = this.#spawn(["-P=local", "scripts/example.ts", this.name, "--feed"]);
    let text = "";
    let over = false;
    feed.status.then(() => over = true);
    const stderr = new Response(feed.stderr).text();
    const reading = feed.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (part) => void (text += part) }),
    );
    try {
      await until(`a line of ${output}`, () => over || text.includes(`← ${output} `), PATIENCE_MS);
      assertEquals(over, false, over ? text + await stderr : "");
    } finally {
      if (!over) feed.kill("SIGTERM");
      await Promise.all([feed.status, stderr, reading]);
    }
  }

  async #ready(): Promise<void> {
    await until("ready", () => this.#ended || isReady(this.url), PATIENCE_MS);
    if (this.#ended) throw new Error(`${this.name} has ended: ${await this.#stderr}`);
  }

  #spawn(args: readonly string[]): Deno.ChildProcess {
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", ...args],
      cwd: ROOT,
      env: this.#env,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }
}

/** What an example says when it is asked for its flags. */
export async function helpOf(name: string): Promise<string> {
  const { code, stdout, stderr } = await ended(
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-P=example", `examples/${name}/main.ts`, "--help"],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
  assertEquals(code, 0, stderr);
  return stdout.replace(/\s+/g, " ");
}
