import type { Logger } from "../cli/log.ts";
import type { StreamsApp } from "../engine/mod.ts";

/** What is told of an application that has closed. */
export interface StoppedApp extends Pick<StreamsApp, "uncommitted"> {
  /** Its counts. */
  readonly stats: Pick<StreamsApp["stats"], "processed" | "commits">;
}

/** Inputs that are named; of the others the number is told. */
const MOST_NAMED = 5;

/** Says that an application has closed, and what of its work is not committed. */
export function tellStopped(
  { stats: { processed, commits }, uncommitted }: StoppedApp,
  logger: Logger,
): void {
  const stopped = `stopped: ${processed} records processed,`;
  if (uncommitted.length === 0) return logger.info(`${stopped} all committed in ${commits} commits`);
  const named = uncommitted.slice(0, MOST_NAMED).map(({ topic, partition, offset }) =>
    `offset ${offset} of ${topic}-${partition}`
  );
  const more = uncommitted.length - named.length;
  logger.warn(
    `${stopped} in ${commits} commits; not committed, and processed again, is what comes from ${
      named.join(", ")
    }${more > 0 ? ` and ${more} more` : ""} on`,
  );
}
