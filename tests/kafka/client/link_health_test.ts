import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { BrokerUnavailable } from "../../../src/kafka/mod.ts";

/** A port on which nobody listens any more. */
function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test("a log counts what fails, and says why: nobody has answered", async () => {
  const brokers = [`127.0.0.1:${closedPort()}`];
  const log = new KafkaLog({ brokers, ssl: false, requestTimeoutMs: 20_000, retryBackoffMs: 10 });
  assertEquals([log.health.answers, log.health.failures, log.health.lastFailure], [0, 0, undefined]);
  await assertRejects(() => log.describeTopics(["t"]), BrokerUnavailable);
  assertEquals(log.health.answers, 0);
  assert(log.health.failures > 0);
  assertMatch(log.health.lastFailure!, /ECONNREFUSED|refused/i);
  await log.close();
});
