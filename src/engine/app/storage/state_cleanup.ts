import { DEFAULT_STATE_CLEANUP_DELAY_MS, DEFAULT_STATE_DIR, type StreamsConfig } from "../../task/config.ts";
import { type EngineLogger, text } from "../../record/handlers.ts";
import { StateDirectory } from "../../task/state_directory.ts";

/** How often the state directory is looked through for files to remove, in ms. */
const CLEAN_UP_INTERVAL_MS = 60_000;

/** A state directory from which the files of tasks that have left for good are removed now and then. */
export interface CleanedStateDirectory {
  readonly directory: StateDirectory;
  close(): void;
}

/** Opens the directory of stores on disk; `undefined` when the configuration keeps them in memory. */
export async function openStateDirectory(
  config: StreamsConfig,
  logger: EngineLogger,
  now: () => number,
): Promise<CleanedStateDirectory | undefined> {
  const {
    applicationId,
    store = "memory",
    stateDir = DEFAULT_STATE_DIR,
    stateCleanupDelayMs = DEFAULT_STATE_CLEANUP_DELAY_MS,
    processingGuarantee: guarantee = "at_least_once",
  } = config;
  if (store === "memory") return undefined;
  const directory = await StateDirectory.open(stateDir, applicationId, { guarantee, logger, now });
  const timer = setInterval(() => {
    try {
      const removed = directory.cleanUp(stateCleanupDelayMs);
      if (removed.length > 0) logger.info(`removed the state of tasks ${removed.sort().join(" ")}`);
    } catch (error) {
      logger.warn(`Cannot clean up ${directory.path}: ${text(error)}; trying again`);
    }
  }, Math.min(stateCleanupDelayMs, CLEAN_UP_INTERVAL_MS));
  timer.unref();
  return {
    directory,
    close(): void {
      clearInterval(timer);
      directory.close();
    },
  };
}
