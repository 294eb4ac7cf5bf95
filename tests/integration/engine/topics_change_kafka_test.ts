import kafkajs from "kafkajs";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { topicsChangeContract } from "../../engine/app/topics_change_contract.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

topicsChangeContract("Kafka", async (body) => {
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
  const name = `change-${crypto.randomUUID()}`;
  try {
    await admin.connect();
    await body({
      log,
      name,
      grow: async (topic, count) => {
        await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      },
    });
  } finally {
    const own = ["a", "b", "a-out", "b-out"].map((each) => `${name}-${each}`);
    await log.deleteTopics([...own, `${name}-group-counts-changelog`]);
    await admin.disconnect();
    await log.close();
  }
});
