/** The fall-back under the engine: the same contracts by kafkajs's public interface. */
import { connectionConfig, openKafkaLog } from "../../../src/kafka/mod.ts";
import { appContract, type WithPlace } from "../../engine/app_contract.ts";
import { deadLetterContract } from "../../engine/dead_letter_contract.ts";

const KIND = "Kafka by kafkajs's public interface";

const withPlace: WithPlace = async (body) => {
  const logger = { error() {}, warn() {}, info() {}, debug() {} };
  const log = await openKafkaLog(connectionConfig((name) => Deno.env.get(name)), {
    clientId: "test",
    logger,
    client: "kafkajs",
  });
  const name = `public-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    // The broker is the tests' own; what the application made for itself is left to it.
    await log.deleteTopics(["left", "right", "in", "out", "dead"].map((topic) => `${name}-${topic}`));
    await log.close();
  }
};

appContract(KIND, withPlace);
deadLetterContract(KIND, withPlace, ["headers without a value"]);
