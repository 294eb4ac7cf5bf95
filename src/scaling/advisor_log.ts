/**
 * What an advisor does, as lines of a log.
 *
 * @module
 */
import type { Logger } from "../cli/log.ts";
import type { AdvisorListener } from "./advisor.ts";

/** Writes a line for each decision, and one when it can't decide any more, and when it can again. */
export function advisorLog(logger: Pick<Logger, "info" | "warn">): AdvisorListener {
  return {
    decided: ({ atMs, replicas, reason }) =>
      logger.info(reason, { replicas, at: new Date(atMs).toISOString() }),
    blind(problem) {
      if (problem === undefined) logger.info("What is seen is enough again to recommend by");
      else logger.warn(`Nothing new is recommended: ${problem}`);
    },
  };
}
