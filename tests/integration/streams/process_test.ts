/**
 * The binaries as processes on a broker of their own: they use the topics that the original named, which tests can't share.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePort } from "../../../scripts/support/ports.ts";
import { bindSerde, type Serde } from "../../../src/avro/mod.ts";
import { startGenerator } from "../../../src/datagen/generator.ts";
import { SessionCheck } from "../../../src/demo/session_check.ts";
import { SessionsReader } from "../../../src/demo/sessions_reader.ts";
import type { GameSession } from "../../../src/game/hit.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../../src/game/topics.ts";
import { connectionConfig, KafkaLog } from "../../../src/kafka/mod.ts";
import { arcadeSerdes } from "../../../src/streams/sessions_topology.ts";
import { until } from "../../engine/app_contract.ts";

const PARTITIONS = 4;

/** One streams process. */
interface Instance {
  readonly url: string;
  metrics(): Promise<string>;
  ready(): Promise<void>;
  kill(signal: Deno.Signal): Promise<{ code: number; stderr: string }>;
}

class Bench {
  readonly log: KafkaLog;
  /** What the instances that were ended had said, for a failure's message. */
  readonly said: string[] = [];
  readonly #brokers: string;
  readonly #group: string;
  readonly #instances = new Set<Instance>();

  constructor(brokers: string, group: string) {
    this.#brokers = brokers;
    this.#group = group;
    const silent = { error() {}, warn() {}, info() {}, debug() {} };
    this.log = new KafkaLog(connectionConfig((name) => name === "KAFKA_BROKERS" ? brokers : undefined), {
      clientId: "test",
      logger: silent,
    });
  }

  /** Starts a streams process. */
  streams(clientId: string, ...flags: string[]): Instance {
    const port = freePort();
    const main = new URL("../../../src/streams/main.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-P=streams",
        main,
        "--client-id",
        clientId,
        "--application-id",
        this.#group,
        "--metrics-port",
        String(port),
        ...flags,
      ],
      env: { KAFKA_BROKERS: this.#brokers, NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(child.stderr).text();
    const url = `http://127.0.0.1:${port}`;
    const instance: Instance = {
      url,
      metrics: async () => await (await fetch(`${url}/metrics`)).text(),
      ready: () =>
        until(
          `${clientId} ready`,
          () => fetch(`${url}/readyz`).then(async (answer) => (await answer.text(), answer.ok), () => false),
        ),
      kill: async (signal) => {
        this.#instances.delete(instance);
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
    return metrics.split("\n").filter((line) => line.startsWith(`${name}{`)).map((line) =>
      Number(/partition="(-?\d+)"/.exec(line)![1])
    ).sort();
  }

  /** Generates frames while the body runs, then waits for their sessions and checks them. */
  async load(rate: number, body: () => Promise<void>): Promise<ReturnType<SessionCheck["result"]>> {
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
      await body();
      generator.stop();
      assertEquals((await generator.done).lost, 0);
      await until("no session is missing or lacks hits", () => {
        const { missing, lacking } = check.result();
        return missing + lacking === 0;
      }, 60_000).catch(() => {}); // the caller's assertions say what is missing
      // Duplicates come late, if they come.
      await delay(500);
      return check.result();
    } finally {
      generator.stop();
      await generator.done;
      await reader.close();
    }
  }

  async close(): Promise<void> {
    for (const instance of [...this.#instances]) await instance.kill("SIGKILL");
    await this.log.close();
  }
}

let broker: Awaited<ReturnType<typeof startBroker>>;

Deno.test.beforeAll(async () => {
  broker = await startBroker();
  const log = new KafkaLog(
    connectionConfig((name) => name === "KAFKA_BROKERS" ? broker.bootstrap : undefined),
  );
  const topics = [REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC];
  await log.createTopics(topics.map((topic) => ({ topic, partitions: PARTITIONS, replicationFactor: 1 })));
  await log.close();
});

Deno.test.afterAll(() => broker.wipe());

function test(name: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(name, async () => {
    const bench = new Bench(broker.bootstrap, `group-${crypto.randomUUID()}`);
    try {
      await body(bench);
    } finally {
      await bench.close();
    }
  });
}

test("the gauges are 0 for both topics from the start, then there is one a partition, and SIGTERM leaves the group at once", async (bench) => {
  const one = bench.streams("one");
  await until(
    "serving",
    () => fetch(`${one.url}/healthz`).then(async (answer) => (await answer.text(), true), () => false),
  );
  const early = await one.metrics();
  for (const topic of ["rq", "rs"]) {
    assertMatch(
      early,
      new RegExp(
        `consumer_lag_game_frame_${topic}\\{client="one",topic="GAME-FRAME-R[QS]",partition="(-1|\\d)",metric="records-lag"\\} \\d`,
      ),
    );
  }
  await one.ready();
  await until("a series a partition", async () => {
    const metrics = await one.metrics();
    return [REQUESTS_TOPIC, RESPONSES_TOPIC].every((topic) =>
      Bench.owned(metrics, topic).join() === "0,1,2,3"
    );
  });
  const begun = performance.now();
  const { code, stderr } = await one.kill("SIGTERM");
  assertEquals(code, 0, stderr);
  assert(performance.now() - begun < 5_000, "it took more than 5 s to end");
  // A second one gets everything without waiting for the first one's session to time out.
  const two = bench.streams("two");
  await two.ready();
  await until(
    "all partitions",
    async () => Bench.owned(await two.metrics(), REQUESTS_TOPIC).length === PARTITIONS,
    5_000,
  );
  assertEquals((await two.kill("SIGINT")).code, 0);
});

test("a second and a third instance come and go under load, and no session is lost", async (bench) => {
  const one = bench.streams("one");
  await one.ready();
  const result = await bench.load(3_000, async () => {
    const two = bench.streams("two");
    await two.ready();
    await delay(1_000);
    const three = bench.streams("three");
    await three.ready();
    await until("each instance names only what it owns", async () => {
      const owned = await Promise.all(
        [one, two, three].map(async (each) => Bench.owned(await each.metrics(), RESPONSES_TOPIC)),
      );
      return owned.every((partitions) => partitions.length > 0 && !partitions.includes(-1)) &&
        owned.flat().sort().join() === "0,1,2,3";
    });
    await delay(1_000);
    assertEquals((await one.kill("SIGTERM")).code, 0);
    await delay(1_000);
    assertEquals((await three.kill("SIGTERM")).code, 0);
    await until(
      "all at the one that is left",
      async () => Bench.owned(await two.metrics(), REQUESTS_TOPIC).length === PARTITIONS,
    );
    await delay(1_000);
  });
  assert(result.expected > 1_000, `only ${result.expected} sessions`);
  assertEquals({ ...result, frames: 0, answered: 0, expected: 0, correct: 0 }, {
    frames: 0,
    answered: 0,
    expected: 0,
    correct: 0,
    missing: 0,
    wrong: 0,
    lacking: 0,
    unexpected: 0,
    example: undefined,
  }, bench.said.join("\n"));
});

test("killed with -9 in the middle of a load and started again, no session is lost", async (bench) => {
  const result = await bench.load(5_000, async () => {
    for (let times = 0; times < 3; times++) {
      const one = bench.streams("one", "--session-timeout", "6s");
      await one.ready();
      await delay(1_500);
      await one.kill("SIGKILL");
    }
    await bench.streams("last", "--session-timeout", "6s").ready();
  });
  assert(result.expected > 1_000, `only ${result.expected} sessions`);
  assertEquals(
    { missing: result.missing, lacking: result.lacking },
    { missing: 0, lacking: 0 },
    result.example,
  );
});

test("an undecodable record is dropped and counted while the rest goes through", async (bench) => {
  const one = bench.streams("one");
  await one.ready();
  const producer = bench.log.producer();
  const bad = [
    new Uint8Array([0, 0, 0, 0, 9, 1]),
    new Uint8Array([0xc3, 1, 2, 3]),
    new Uint8Array([7]),
    null,
  ];
  for (const value of bad) {
    producer.append(
      REQUESTS_TOPIC,
      0,
      Date.now(),
      value,
      0,
      value?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
    );
  }
  await producer.close();
  const result = await bench.load(500, () => delay(1_000));
  assertEquals({ missing: result.missing, wrong: result.wrong }, { missing: 0, wrong: 0 });
  assertMatch(await one.metrics(), /kos_streams_decode_failures_total\{topic="GAME-FRAME-RQ"\} [3-9]/);
  const { code, stderr } = await one.kill("SIGTERM");
  assertEquals(code, 0);
  assertMatch(stderr, /undecodable/);
});

Deno.test("no broker: what was tried and what starts one, exit 1; wrong flags: exit 2", async () => {
  const run = async (args: string[], env: Record<string, string>) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-P=streams",
        new URL("../../../src/streams/main.ts", import.meta.url).pathname,
        "--metrics-port",
        "0",
        ...args,
      ],
      env: { NO_COLOR: "1", ...env },
      stdout: "null",
      stderr: "piped",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  };
  const none = await run([], { KAFKA_BROKERS: `localhost:${freePort()}` });
  assertEquals(none.code, 1);
  assertMatch(none.stderr, /localhost:\d+.*refused.*deno task kafka/is);
  const flag = await run(["--grace", "soon"], {});
  assertEquals(flag.code, 2);
  assertMatch(flag.stderr, /--grace.*soon.*such as/is);
  const variable = await run([], { CLOUD: "perhaps" });
  assertEquals(variable.code, 2);
  assertMatch(variable.stderr, /CLOUD.*perhaps.*false/is);
});
