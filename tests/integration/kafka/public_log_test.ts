/** The fall-back: the contract by kafkajs's public interface. */
import { PublicKafkaLog } from "../../../src/kafka/public_client/log.ts";
import { logContract } from "../../kafka/log_contract.ts";
import { connection, expireMember, quiet } from "./broker.ts";

logContract("kafkajs's public interface", () => {
  const log = new PublicKafkaLog(connection(), { logger: quiet });
  return Promise.resolve({ log, expireMember, lacks: ["headers without a value"] as const });
});
