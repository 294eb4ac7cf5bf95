import type { Log } from "../../kafka/port/log.ts";
import type { BoundTopology } from "../topology/bound_topology.ts";
import type { StreamsConfig } from "./config.ts";
import { createDeadLetterTopics } from "./dead_letter_topics.ts";
import { type EngineLogger, type Handlers, logAndContinue } from "../record/handlers.ts";

/**
 * The handlers that a configuration asks for, with their dead-letter topics, which are created when missing.
 */
export async function makeHandlers(
  config: StreamsConfig,
  bound: BoundTopology,
  log: Log,
  logger: EngineLogger,
  now: () => number,
): Promise<Handlers> {
  const {
    onUndecodable,
    onProcessingError,
    onProductionError,
    deadLetterTopics = [],
    replicationFactor = 1,
  } = config;
  return {
    onUndecodable: onUndecodable ?? logAndContinue(logger, now),
    onProcessingError,
    onProductionError,
    deadLetters: await createDeadLetterTopics(deadLetterTopics, bound, log, replicationFactor),
  };
}
