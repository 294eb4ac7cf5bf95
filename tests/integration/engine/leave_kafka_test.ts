import { assertEquals } from "@std/assert";
import { startBroker } from "../../../scripts/support/broker.ts";
import { StreamsApp } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/mod.ts";
import { until } from "../../engine/app/app_contract.ts";
import { counting } from "../../engine/app/gated_log.ts";

Deno.test("an instance that is to leave does not wait for others when its brokers have gone", async () => {
  const broker = await startBroker();
  const logger = { error() {}, warn() {}, info() {}, debug() {} };
  const log = new KafkaLog(
    connectionConfig((name) => name === "KAFKA_BROKERS" ? broker.bootstrap : undefined),
    { logger },
  );
  try {
    await log.createTopics([{ topic: "in", partitions: 2 }, { topic: "plain", partitions: 1 }]);
    const app = new StreamsApp(counting(), log, { applicationId: "leaves", logger });
    await app.start();
    await until("all tasks", () => app.tasks.length === 3);
    await broker.wipe();
    await app.leave(3_600_000).catch(() => {}); // nothing can be committed any more
    assertEquals(app.state === "running", false);
  } finally {
    await log.close();
    await broker.wipe();
  }
});
