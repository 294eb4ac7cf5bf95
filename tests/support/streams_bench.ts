/**
 * Streams processes on a broker, a generator, and the check of what comes out: for tests that kill and start processes.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { freePort } from "../../scripts/support/ports.ts";
import { bindSerde, type Serde } from "../../src/serde/mod.ts";
import { type RunningGenerator, startGenerator } from "../../src/datagen/generator.ts";
import { type CheckResult, SessionCheck } from "../../src/demo/session_check.ts";
import { SessionsReader } from "../../src/demo/sessions_reader.ts";
import type { GameSession } from "../../src/game/hit.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../src/game/topics.ts";
import { KafkaLog } from "../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../src/kafka/mod.ts";
import { seriesOf } from "../../src/metrics/metrics_text.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import { until } from "../engine/app/app_contract.ts";
import { isReady } from "./ready.ts";

/** Partitions of the topics. */
export const PARTITIONS = 4;

/** One streams process. */
export interface Instance {
  readonly url: string;
  readonly pid: number;
  /** Why it ended by itself: its exit code and what it said; `undefined` while it runs. */
  whyEnded(): Promise<string | undefined>;
  /** Sends a signal that does not end it. */
  signal(signal: Deno.Signal): void;
  metrics(): Promise<string>;
  ready(): Promise<void>;
  kill(signal: Deno.Signal): Promise<{ code: number; stderr: string }>;
  /** Resolves when it has ended by itself. */
  ended(): Promise<{ code: number; stderr: string }>;
}

/** How a {@linkcode StreamsBench} starts its processes. */
export interface StreamsBenchOptions {
  /** Added to their environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of `deno run`. */
  readonly denoFlags?: readonly string[];
}

/** See the module. */
export class StreamsBench {
  readonly log: KafkaLog;
  /** What the instances that were ended had said, for a failure's message. */
  readonly said: string[] = [];
  readonly #brokers: string;
  readonly #group: string;
  readonly #options: StreamsBenchOptions;
  readonly #instances = new Set<Instance>();

  constructor(brokers: string, group: string, options: StreamsBenchOptions = {}) {
    this.#brokers = brokers;
    this.#group = group;
    this.#options = options;
    const silent = { error() {}, warn() {}, info() {}, debug() {} };
    this.log = new KafkaLog(connectionConfig((name) => name === "KAFKA_BROKERS" ? brokers : undefined), {
      clientId: "test",
      logger: silent,
    });
  }

  /** Starts a streams process. It inherits the environment. */
  streams(clientId: string, ...flags: string[]): Instance {
    return this.streamsBy([Deno.execPath()], clientId, ...flags);
  }

  /** The same by a command that runs Deno, such as one that limits what it may use. */
  streamsBy([command, ...before]: readonly string[], clientId: string, ...flags: string[]): Instance {
    const port = freePort();
    const main = new URL("../../src/streams/main.ts", import.meta.url).pathname;
    const child = new Deno.Command(command!, {
      args: [
        ...before,
        "run",
        "-P=streams",
        ...this.#options.denoFlags ?? [],
        main,
        "--client-id",
        clientId,
        "--application-id",
        this.#group,
        "--metrics-port",
        String(port),
        ...flags,
      ],
      env: { KAFKA_BROKERS: this.#brokers, NO_COLOR: "1", ...this.#options.env },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(child.stderr).text();
    let ended = false;
    child.status.then(() => ended = true);
    const why = async (): Promise<string> =>
      `${clientId} ended with ${(await child.status).code}:\n${await stderr}`;
    const url = `http://127.0.0.1:${port}`;
    const instance: Instance = {
      url,
      pid: child.pid,
      whyEnded: () => ended ? why() : Promise.resolve(undefined),
      signal: (signal) => child.kill(signal),
      metrics: async () => await (await fetch(`${url}/metrics`)).text(),
      ready: () => until(`${clientId} ready`, () => isReady(url)),
      ended: async () => {
        const { code } = await child.status;
        this.#instances.delete(instance);
        return { code, stderr: await stderr };
      },
      kill: async (signal) => {
        this.#instances.delete(instance);
        if (ended) throw new Error(`${clientId} had ended by itself:\n${await stderr}`);
        child.kill(signal);
        const { code } = await child.status;
        this.said.push(...(await stderr).split("\n").map((line) => `${clientId}: ${line}`));
        return { code, stderr: await stderr };
      },
    };
    this.#instances.add(instance);
    return instance;
  }

  /** The partitions that an instance's lag gauge of a topic names. */
  static owned(metrics: string, topic: string): number[] {
    const name = `consumer_lag_${topic.toLowerCase().replaceAll("-", "_")}`;
    return seriesOf(metrics, name).map(({ labels }) => Number(labels["partition"])).sort();
  }

  /** Generates frames while the body runs, then waits for their sessions and checks them. */
  async load(rate: number, body: (generator: RunningGenerator) => Promise<void>): Promise<CheckResult> {
    const serdes = arcadeSerdes(undefined);
    const check = new SessionCheck(
      await bindSerde(serdes.header, SESSIONS_TOPIC, "key"),
      await bindSerde<GameSession>(serdes.session as Serde<GameSession>, SESSIONS_TOPIC, "value"),
    );
    const reader = await SessionsReader.open(this.log, check);
    const generator = await startGenerator({
      log: this.log,
      serdes,
      rate,
      machines: 500,
      onFrame: (frame) => check.generated(frame),
    });
    try {
      await body(generator);
      generator.stop();
      assertEquals((await generator.done).lost, 0);
      if (!await this.#allCame(check)) await this.#tell(); // the caller's assertions say what is missing
      // Duplicates come late, if they come.
      await delay(500);
      return check.result();
    } finally {
      generator.stop();
      await generator.done;
      await reader.close();
    }
  }

  /** Waits for the sessions, for as long as more of them come: how fast they do is the machine's affair. */
  async #allCame(check: SessionCheck): Promise<boolean> {
    let least = Infinity;
    for (let looks = 0; looks < 600; looks++) {
      const { missing, lacking } = check.result();
      if (missing + lacking === 0) return true;
      if (missing + lacking < least) looks = 0;
      least = Math.min(least, missing + lacking);
      await delay(100);
    }
    return false;
  }

  /** Notes how the instances are, for the message of the failure that follows. */
  async #tell(): Promise<void> {
    for (const each of this.#instances) {
      const ended = await each.whyEnded();
      const telling = /^(kos_consumer_lag_records|kos_streams_(rebalances|commit\w*|tasks|restore)\w*)/;
      const state = ended ??
        (await each.metrics().catch(String)).split("\n").filter((line) => telling.test(line)).join("\n");
      this.said.push(`${each.url} ${ended === undefined ? "runs" : ""}: ${state}`);
    }
  }

  async close(): Promise<void> {
    for (const instance of [...this.#instances]) {
      if (await instance.whyEnded() === undefined) await instance.kill("SIGKILL");
    }
    await this.log.close();
  }
}

/** Creates the topics of the arcade on a broker. */
export async function createArcadeTopics(brokers: string, replicationFactor = 1): Promise<void> {
  const log = new KafkaLog(connectionConfig((name) => name === "KAFKA_BROKERS" ? brokers : undefined));
  const topics = [REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC];
  await log.createTopics(topics.map((topic) => ({ topic, partitions: PARTITIONS, replicationFactor })));
  await log.close();
}
