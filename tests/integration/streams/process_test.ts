/**
 * The binaries as processes on a broker of their own: they use the topics that the original named, which tests can't share.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePort } from "../../../scripts/support/ports.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../../../src/game/topics.ts";
import { until } from "../../engine/app/app_contract.ts";
import { createArcadeTopics, PARTITIONS, StreamsBench } from "../../support/streams_bench.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

let broker: Awaited<ReturnType<typeof startBroker>>;

Deno.test.beforeAll(async () => {
  broker = await startBroker();
  await createArcadeTopics(broker.bootstrap);
});

Deno.test.afterAll(() => broker.wipe());

function test(name: string, body: (bench: StreamsBench) => Promise<void>): void {
  Deno.test(name, async () => {
    const bench = new StreamsBench(broker.bootstrap, `group-${crypto.randomUUID()}`);
    try {
      await body(bench);
    } finally {
      await bench.close();
    }
  });
}

test("no gauge before the first assignment, then one a partition, and SIGTERM leaves the group at once", async (bench) => {
  const one = bench.streams("one");
  await until(
    "serving",
    () => fetch(`${one.url}/healthz`).then(async (answer) => (await answer.text(), true), () => false),
  );
  // It owns some of them sooner or later: until then it says nothing, and never 0 for a topic.
  assert(!StreamsBench.owned(await one.metrics(), REQUESTS_TOPIC).includes(-1));
  await one.ready();
  await until("a series a partition", async () => {
    const metrics = await one.metrics();
    return [REQUESTS_TOPIC, RESPONSES_TOPIC].every((topic) =>
      StreamsBench.owned(metrics, topic).join() === "0,1,2,3"
    );
  });
  const metrics = await one.metrics();
  // The topics have what the file's other tests have left in them, so that no number is known here.
  for (const topic of [REQUESTS_TOPIC, RESPONSES_TOPIC]) {
    assertMatch(
      metrics,
      new RegExp(`^kos_consumer_lag_records\\{topic="${topic}",partition="3"\\} \\d+$`, "m"),
    );
    assertMatch(metrics, new RegExp(`^kos_streams_decode_failures_total\\{topic="${topic}"\\} \\d+$`, "m"));
  }
  assertMatch(metrics, /^kos_busy_seconds_total [0-9.e-]+$/m);
  const begun = performance.now();
  const { code, stderr } = await one.kill("SIGTERM");
  assertEquals(code, 0, stderr);
  assert(performance.now() - begun < 5_000, "it took more than 5 s to end");
  // A second one gets everything without waiting for the first one's session to time out.
  const two = bench.streams("two");
  await two.ready();
  await until(
    "all partitions",
    async () => StreamsBench.owned(await two.metrics(), REQUESTS_TOPIC).length === PARTITIONS,
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
        [one, two, three].map(async (each) => StreamsBench.owned(await each.metrics(), RESPONSES_TOPIC)),
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
      async () => StreamsBench.owned(await two.metrics(), REQUESTS_TOPIC).length === PARTITIONS,
    );
    await delay(1_000);
  });
  assert(result.expected > 1_000, `only ${result.expected} sessions`);
  const { missing, wrong, unexpected, changes, updates, example } = result;
  assertEquals({ missing, wrong, unexpected, updates, example }, {
    missing: 0,
    wrong: 0,
    unexpected: 0,
    updates: changes,
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
    [result.example, ...bench.said].join("\n"),
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
    producer.append(REQUESTS_TOPIC, 0, Date.now(), whole(value), whole(value));
  }
  await producer.close();
  const result = await bench.load(500, () => delay(1_000));
  assertEquals({ missing: result.missing, wrong: result.wrong }, { missing: 0, wrong: 0 });
  assertMatch(await one.metrics(), /kos_streams_decode_failures_total\{topic="GAME-FRAME-RQ"\} [3-9]/);
  const { code, stderr } = await one.kill("SIGTERM");
  assertEquals(code, 0);
  assertMatch(stderr, /undecodable/);
});

test("undecodable records go to the dead letters with their cause, and sessions are read from any instance", async (bench) => {
  const dead = `dead-${crypto.randomUUID()}`;
  const flags = ["--on-undecodable", "dead-letter", "--dead-letter-topic", dead, "--advertise", "127.0.0.1"];
  const instances = ["one", "two"].map((name) => {
    const port = freePort();
    const instance = bench.streams(name, ...flags, "--stores-port", String(port));
    return Object.assign(instance, { storesUrl: `http://127.0.0.1:${port}` });
  });
  await Promise.all(instances.map((each) => each.ready()));
  const bad = new Uint8Array([0xc3, 1, 2, 3]);
  const producer = bench.log.producer();
  for (let i = 0; i < 3; i++) {
    producer.append(REQUESTS_TOPIC, 0, Date.now(), whole(bad), whole(bad));
  }
  await producer.close();
  await bench.load(500, () => delay(1_000));
  const { partitions } = (await bench.log.describeTopics([dead])).get(dead)!;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: dead, partition }));
  const counts = await bench.log.offsets(all, "latest");
  assert(counts.reduce((a, b) => a + b) >= 3, `${counts} dead letters`);
  const listed = await Promise.all(
    instances.map(async ({ storesUrl }) =>
      (await (await fetch(`${storesUrl}/stores/sessions?limit=5`)).json()).entries
    ),
  );
  for (const { key: { ts, machine, zone }, value } of listed.flat()) {
    for (const { storesUrl } of instances) {
      const answer = await fetch(`${storesUrl}/stores/sessions/${ts},${machine},${zone}`);
      assertEquals((await answer.json()).value, value);
    }
  }
  assertEquals(listed.map((entries) => entries.length), [5, 5]);
  for (const each of instances) assertEquals((await each.kill("SIGTERM")).code, 0);
  await bench.log.deleteTopics([dead]);
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
  const none = await run(["--wait-for-broker", "0s"], { KAFKA_BROKERS: `localhost:${freePort()}` });
  assertEquals(none.code, 1);
  assertMatch(none.stderr, /localhost:\d+.*refused.*deno task kafka/is);
  const open = await run(["--stores-port", "0", "--stores-host", "0.0.0.0"], {});
  assertEquals(open.code, 2);
  assertMatch(open.stderr, /received no token.*--stores-token-file or KOS_STORES_TOKEN/s);
  const flag = await run(["--grace", "soon"], {});
  assertEquals(flag.code, 2);
  assertMatch(flag.stderr, /--grace.*soon.*such as/is);
  const variable = await run([], { CLOUD: "perhaps" });
  assertEquals(variable.code, 2);
  assertMatch(variable.stderr, /CLOUD.*perhaps.*false/is);
});
