import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { logContract } from "../../kafka/port/log_contract.ts";
import { connection, expireMember, quiet } from "./broker.ts";

logContract("kafka", () => {
  const log = new KafkaLog(connection(), { logger: quiet });
  return Promise.resolve({ log, expireMember });
});
