import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import kafkajs from "kafkajs";
import { join } from "@std/path";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import { KAFKA_VERSION } from "../../../scripts/support/broker_config.ts";
import { cacheDir, exists } from "../../../scripts/support/cache.ts";
import { commandWorks, findJava } from "../../../scripts/support/commands.ts";
import { mavenFiles, mavenWorks } from "../../../scripts/support/maven.ts";
import { strangersContract } from "../../engine/app/strangers_contract.ts";
import { startWhole, until } from "../../engine/app/app_contract.ts";
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
    // The broker tells of the assignor only once the group has all that its leader hands out.
    await until("the group is stable", async () => (await consumer.describeGroup()).state === "Stable");
    let error = await assertRejects(() => merged(place).start(), Error);
    // It may rebalance once more, for longer than is waited for.
    for (let again = 0; again < 5 && error.message.includes("assignor (none)"); again++) {
      error = await assertRejects(() => merged(place).start(), Error);
    }
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

const JARS = join(cacheDir(), `kafka-clients-${KAFKA_VERSION}`);
const java = await findJava();
// A single source file is compiled as it is started, which takes a JDK, not only a runtime.
const ignore = (java?.version ?? 0) < 17 || !(await commandWorks("javac", ["-version"])) ||
  !((await exists(JARS)) || (await mavenWorks()));

/** Kafka's own consumer, with the group protocol of Kafka 4: then the broker assigns, not a member. */
async function brokerAssigned(group: string, topic: string): Promise<Deno.ChildProcess> {
  const jars = await mavenFiles({
    what: `Kafka's clients ${KAFKA_VERSION}`,
    artifacts: [`org.apache.kafka:kafka-clients:${KAFKA_VERSION}`],
    into: JARS,
    report: () => {},
  });
  const source = new URL("./BrokerAssigned.java", import.meta.url).pathname;
  return new Deno.Command(java!.command, {
    args: ["-cp", join(jars, "*"), source, brokers().join(","), group, topic],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** The first that it says. */
async function heard({ stdout }: Deno.ChildProcess): Promise<string> {
  for await (const line of stdout.pipeThrough(new TextDecoderStream())) return line;
  return "nothing";
}

Deno.test({
  name: "Kafka: in a group in which the broker assigns it ends, and says what the group is",
  ignore,
  fn: () =>
    withPlace(async (place) => {
      await createTopics(place);
      const consumer = await brokerAssigned(`${place.name}-group`, `${place.name}-left`);
      try {
        assertEquals((await heard(consumer)).trim(), "assigned");
        const app = merged(place);
        const error = await assertRejects(() => app.start(), Error);
        for (const part of ["not made by kos", "--application-id", "of type consumer"]) {
          assertStringIncludes(error.message, part);
        }
        assertEquals([app.state, app.tasks], ["failed", []]);
      } finally {
        consumer.kill("SIGKILL");
        await consumer.status;
      }
    }),
});

Deno.test({
  name: "Kafka: who would have the broker assign is not let into the application's group, which goes on",
  ignore,
  fn: () =>
    withPlace(async (place) => {
      await createTopics(place);
      const app = merged(place);
      await startWhole(app);
      const consumer = await brokerAssigned(`${place.name}-group`, `${place.name}-left`);
      assertStringIncludes(await heard(consumer), "refused");
      await consumer.status;
      assertEquals([app.state, app.tasks.length], ["running", 4]);
      await app.close();
    }),
});
