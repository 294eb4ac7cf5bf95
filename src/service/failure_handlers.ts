import type { Logger } from "../cli/log.ts";
import {
  logAndContinue,
  logAndDeadLetter,
  logAndFail,
  logProcessingErrors,
  logProductionErrors,
  steadyClock,
  type StreamsConfig,
} from "../engine/mod.ts";
import type { FailureChoice, FailureChoices } from "./settings.ts";

/** The handlers that the choices stand for, with the dead letters' topic where one of them needs it. */
export function failureHandlers(
  choices: FailureChoices,
  applicationId: string,
  logger: Logger,
): Partial<StreamsConfig> {
  const { onUndecodable = "continue", onProcessingError = "fail", onProductionError = "fail" } = choices;
  const { deadLetterTopic = `${applicationId}-dead-letters` } = choices;
  const now = steadyClock();
  const topicOf = (choice: FailureChoice): string | undefined =>
    choice === "dead-letter" ? deadLetterTopic : undefined;
  const wanted = [onUndecodable, onProcessingError, onProductionError].includes("dead-letter");
  return {
    onUndecodable: onUndecodable === "fail"
      ? logAndFail()
      : onUndecodable === "continue"
      ? logAndContinue(logger, now)
      : logAndDeadLetter(deadLetterTopic, logger, now),
    ...(onProcessingError === "fail"
      ? {}
      : { onProcessingError: logProcessingErrors(logger, now, topicOf(onProcessingError)) }),
    ...(onProductionError === "fail"
      ? {}
      : { onProductionError: logProductionErrors(logger, now, topicOf(onProductionError)) }),
    deadLetterTopics: wanted ? [deadLetterTopic] : [],
  };
}
