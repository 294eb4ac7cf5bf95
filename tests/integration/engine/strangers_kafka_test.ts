import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import kafkajs from "kafkajs";
import { join } from "@std/path";
import { stringSerde } from "../../../src/avro/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/kafka_log.ts";
import type { Log } from "../../../src/kafka/log.ts";
import { strangersContract } from "../../engine/strangers_contract.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

async function withPlace(body: (place: { log: Log; name: string }) => Promise<void>): Promise<void> {
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const name = `strange-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(name));
    await admin.disconnect();
    await log.deleteTopics(topics);
    await log.close();
  }
}

strangersContract("Kafka", withPlace);

const text = { key: stringSerde(), value: stringSerde() };

function merged({ log, name }: { log: Log; name: string }): StreamsApp {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-left`, text).merge(builder.stream(`${name}-right`, text)).to(`${name}-out`, text);
  return new StreamsApp(builder.build(), log, { applicationId: `${name}-group` });
}

function createTopics({ log, name }: { log: Log; name: string }): Promise<void> {
  return log.createTopics(
    ["left", "right", "out"].map((topic) => ({
      topic: `${name}-${topic}`,
      partitions: 4,
      replicationFactor: 1,
    })),
  );
}

Deno.test("Kafka: with a plain consumer in the group it ends, and says who is in it and what to do", () =>
  withPlace(async (place) => {
    await createTopics(place);
    const client = new kafkajs.Kafka({
      brokers: brokers(),
      clientId: "somebody-else",
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const consumer = client.consumer({ groupId: `${place.name}-group` });
    const joined = new Promise<void>((resolve) => void consumer.on("consumer.group_join", () => resolve()));
    await consumer.connect();
    await consumer.subscribe({ topic: `${place.name}-left` });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await joined;
    const error = await assertRejects(() => merged(place).start(), Error);
    for (
      const part of [
        `${place.name}-group`,
        "INCONSISTENT_GROUP_PROTOCOL",
        "--application-id",
        "somebody-else at ",
        "RoundRobin",
      ]
    ) assertStringIncludes(error.message, part);
    await consumer.disconnect();
  }));

/** Kafka's own console consumer, with the group protocol of Kafka 4, in which the broker assigns. */
function consoleConsumer(group: string, topic: string): Deno.ChildProcess {
  const libs = join(Deno.env.get("KOS_TEST_KAFKA_LIBS") ?? "", "*");
  return new Deno.Command("java", {
    args: [
      "-cp",
      libs,
      "org.apache.kafka.tools.consumer.ConsoleConsumer",
      "--bootstrap-server",
      brokers().join(","),
      "--group",
      group,
      "--topic",
      topic,
      "--consumer-property",
      "group.protocol=consumer",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}
void consoleConsumer, assert, assertEquals;
