import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/mod.ts";
import { appContract } from "../../engine/app/app_contract.ts";

appContract("Kafka", async (body) => {
  const logger = { error() {}, warn() {}, info() {}, debug() {} };
  const log = new KafkaLog(connectionConfig((name) => Deno.env.get(name)), { clientId: "test", logger });
  const name = `app-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    const stores = [
      "KSTREAM-JOINTHIS-0000000004-store",
      "KSTREAM-JOINOTHER-0000000005-store",
      "KSTREAM-AGGREGATE-STATE-STORE-0000000007",
      "KSTREAM-AGGREGATE-STATE-STORE-0000000002",
    ];
    await log.deleteTopics([
      ...["left", "right", "in", "out"].map((topic) => `${name}-${topic}`),
      `${name}-groups-repartition`,
      ...stores.map((store) => `${name}-${store}-changelog`),
    ]);
    await log.close();
  }
});
