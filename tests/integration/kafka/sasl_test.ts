/** A broker that asks for credentials, and ends a connection four seconds later unless it is told them anew. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import type { ConnectionConfig } from "../../../src/kafka/config.ts";
import { BrokerUnavailable } from "../../../src/kafka/port/errors.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { appendRecords, recordsOf } from "../../kafka/port/records.ts";
import { connection, quiet } from "./broker.ts";

const LIFETIME_MS = 4_000;
/** Three lives of a connection. */
const LOAD_MS = 13_000;
const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule";

/** A second listener that wants SASL PLAIN. */
function saslSettings(port: number, plainPort: number, controllerPort: number): Record<string, string> {
  return {
    "listeners":
      `PLAINTEXT://127.0.0.1:${plainPort},SASL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://localhost:${plainPort},SASL://localhost:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl.plain.sasl.jaas.config": `${PLAIN} required user_kos="secret";`,
    "connections.max.reauth.ms": `${LIFETIME_MS}`,
  };
}

Deno.test("kafka only: credentials that have to be told anew every four seconds are, under load; wrong or missing ones are named", async () => {
  const [port, plainPort, controllerPort] = freePorts(3) as [number, number, number];
  const broker = await startBroker({
    port: plainPort,
    settings: saslSettings(port, plainPort, controllerPort),
  });
  try {
    const sasl = { mechanism: "plain", username: "kos", password: "secret" } as const;
    const config: ConnectionConfig = { ...connection(), brokers: [`localhost:${port}`], sasl };
    await underLoad(config);
    await refused(config, `localhost:${plainPort}`);
  } finally {
    await broker.stop();
  }
});

/** Writes, reads, commits in a transaction and keeps a member alive for several lives of a connection. */
async function underLoad(config: ConnectionConfig): Promise<void> {
  const log = new KafkaLog(config, { logger: quiet });
  const topic = "sasl";
  await log.createTopics([{ topic, partitions: 2 }]);
  const member = new TestMember(log, { groupId: "sasl-group", topics: [topic] });
  await member.member.join();
  const fetcher = log.fetcher();
  for (const partition of [0, 1]) fetcher.assign({ topic, partition }, 0);
  const producer = log.producer();
  const seen: string[][] = [[], []];
  appendRecords(producer, topic, [0, 1].map((partition) => ({ partition, value: `${partition}` })));
  await producer.flush();
  let written = 2;
  // The first producer id may have to be asked for twice, of a broker that has just started.
  const { count: retries } = producer.retries;
  const until = performance.now() + LOAD_MS;
  const read = async () => {
    for (const { partition, value } of recordsOf(await fetcher.poll(20))) seen[partition]!.push(value!);
  };
  while (performance.now() < until) {
    for (let i = 0; i < 50 && producer.pendingBytes < 100_000; i++, written++) {
      appendRecords(producer, topic, [{ partition: written % 2, value: `${written}` }]);
    }
    await read();
    await member.member.commit([{ topic, partition: 0, offset: seen[0]!.length }]);
  }
  await producer.flush();
  while (seen.flat().length < written) await read();
  for (const [partition, values] of seen.entries()) {
    assertEquals(values.findIndex((value, i) => value !== `${2 * i + partition}`), -1);
  }
  // Not once was a connection cut: each was replaced in time.
  assertEquals(producer.retries.count, retries, producer.retries.last);
  assertEquals(producer.counts, { appended: written, acknowledged: written, failed: 0 });
  assertEquals(member.member.rebalances, 1);
  assert((await log.committed("sasl-group", [{ topic, partition: 0 }]))[0]! > 0);
  await member.member.leave();
  await fetcher.close();
  await producer.close();
  await log.close();
}

async function refused(config: ConnectionConfig, plain: string): Promise<void> {
  const message = async (changes: Partial<ConnectionConfig>, type: new (...args: never[]) => Error) => {
    const log = new KafkaLog({ ...config, requestTimeoutMs: 2_000, ...changes }, { logger: quiet });
    const error = await assertRejects(() => log.describeTopics(["t"]), type);
    await log.close();
    return error.message;
  };
  const wrong = await message(
    { sasl: { mechanism: "plain", username: "kos", password: "guessed" } },
    BrokerUnavailable,
  );
  assertStringIncludes(wrong, "check API_KEY and SECRET_KEY");
  assertEquals(wrong.includes("guessed"), false);
  assertStringIncludes(await message({ sasl: undefined }, BrokerUnavailable), "set API_KEY and SECRET_KEY");
  assertStringIncludes(
    await message({ brokers: [plain] }, BrokerUnavailable),
    "takes no credentials on this port",
  );
  assertStringIncludes(
    await message({ ssl: true }, BrokerUnavailable),
    "this port speaks no TLS, and this client does; set KAFKA_SECURITY_PROTOCOL",
  );
}
