import { assertEquals, assertRejects } from "@std/assert";
import { connectionConfig } from "../../src/kafka/config.ts";
import { KafkaLog } from "../../src/kafka/client/kafka_log.ts";
import { type KafkaLogClass, openKafkaLog, openWith } from "../../src/kafka/open_kafka_log.ts";
import { PublicKafkaLog } from "../../src/kafka/public_client/log.ts";

const config = connectionConfig(() => undefined);
const missing =
  "Cannot use the installed kafkajs: it lacks Broker.connect; pin kafkajs to exactly 2.2.4 in deno.json";
const broken = (): Promise<KafkaLogClass> => Promise.reject(new Error(missing));
const slow = (): Promise<KafkaLogClass> => Promise.resolve(PublicKafkaLog);

/** A logger that keeps what it is told. */
function memory() {
  const lines: string[] = [];
  return { lines, warn: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
}

Deno.test("the fast client is taken where kafkajs is as known, without a word", async () => {
  for (const client of [undefined, "auto", "fast"] as const) {
    const logger = memory();
    const log = await openKafkaLog(config, { logger, ...(client === undefined ? {} : { client }) });
    assertEquals([log instanceof KafkaLog, logger.lines], [true, []]);
    await log.close();
  }
});

Deno.test("where kafkajs's internals have changed the fall-back is taken, and told what was missing", async () => {
  const logger = memory();
  const log = await openWith(config, { logger }, broken, slow);
  assertEquals(log instanceof PublicKafkaLog, true);
  assertEquals(logger.lines.length, 1);
  for (const part of ["Broker.connect", "2.2.4", "slower", "--kafka-client"]) {
    assertEquals(logger.lines[0]!.includes(part), true, logger.lines[0]);
  }
  await log.close();
});

Deno.test("the client fast fails instead, with what was missing", async () => {
  const logger = memory();
  await assertRejects(
    () => openWith(config, { logger, client: "fast" }, broken, slow),
    Error,
    "Broker.connect",
  );
  assertEquals(logger.lines, []);
});

Deno.test("the client kafkajs does not even load the fast one", async () => {
  const logger = memory();
  const log = await openWith(config, { logger, client: "kafkajs" }, () => {
    throw new Error("it was loaded");
  }, slow);
  assertEquals([log instanceof PublicKafkaLog, logger.lines], [true, []]);
  await log.close();
});
