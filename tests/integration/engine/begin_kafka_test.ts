import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { beginContract, topicsOf } from "../../engine/app/begin_contract.ts";
import { connection, quiet } from "../kafka/broker.ts";

beginContract("Kafka", async (body) => {
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const name = `begin-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    await log.deleteTopics(Object.values(topicsOf(name)));
    await log.close();
  }
});
