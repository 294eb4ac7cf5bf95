/**
 * The streams binary beside others: what it says and how it ends. On a broker of its own, as it deletes the topics that the original
 * named.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import kafkajs from "kafkajs";
import { startBroker } from "../../../scripts/support/broker.ts";
import { REQUESTS_TOPIC } from "../../../src/game/topics.ts";
import { until } from "../../engine/app/app_contract.ts";
import { createArcadeTopics, StreamsBench } from "../../support/streams_bench.ts";

let broker: Awaited<ReturnType<typeof startBroker>>;

Deno.test.beforeAll(async () => {
  broker = await startBroker();
  await createArcadeTopics(broker.bootstrap);
});

Deno.test.afterAll(() => broker.wipe());

Deno.test("with a plain consumer in its group the process ends with exit code 1 and names it", async () => {
  const group = `group-${crypto.randomUUID()}`;
  const bench = new StreamsBench(broker.bootstrap, group);
  const client = new kafkajs.Kafka({
    brokers: [broker.bootstrap],
    clientId: "somebody-else",
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const consumer = client.consumer({ groupId: group });
  const joined = new Promise<void>((resolve) => void consumer.on("consumer.group_join", () => resolve()));
  await consumer.connect();
  await consumer.subscribe({ topic: REQUESTS_TOPIC });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await joined;
  const { code, stderr } = await bench.streams("one").ended();
  assertEquals(code, 1, stderr);
  for (const part of [group, "somebody-else", "--application-id"]) assertStringIncludes(stderr, part);
  await consumer.disconnect();
  await bench.close();
});

Deno.test("a deleted source topic: one process waits for it, and without the flag one ends with exit code 1", async () => {
  const waiting = new StreamsBench(broker.bootstrap, `group-${crypto.randomUUID()}`);
  const failing = new StreamsBench(broker.bootstrap, `group-${crypto.randomUUID()}`);
  const one = waiting.streams("one", "--on-missing-topic", "wait");
  const two = failing.streams("two");
  await Promise.all([one.ready(), two.ready()]);
  await waiting.log.deleteTopics([REQUESTS_TOPIC]);
  const { code, stderr } = await two.ended();
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, `source topic ${REQUESTS_TOPIC} was deleted`);
  const readiness = async () => await (await fetch(`${one.url}/readyz`)).text();
  await until("it waits", async () => (await readiness()).includes(`waiting for topic ${REQUESTS_TOPIC}`));
  await createArcadeTopics(broker.bootstrap);
  await one.ready();
  assertEquals((await one.kill("SIGTERM")).code, 0);
  await waiting.close();
  await failing.close();
});
