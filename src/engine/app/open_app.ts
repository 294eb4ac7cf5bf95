/**
 * Opens an application: all that has to be asked of the log and the disk comes first, then its parts are
 * made.
 *
 * @module
 */
import { bindTopology } from "../topology/bound_topology.ts";
import type { Topology } from "../topology/topology.ts";
import { makeHandlers } from "../task/make_handlers.ts";
import { Holdings } from "./holdings.ts";
import { type AppSetting, RunningApp } from "./running_app.ts";
import { openStateDirectory } from "./storage/state_cleanup.ts";

/**
 * Checks the topology against the log, creates its changelogs, opens its state directory and makes its parts.
 * What was opened is freed when a later step fails.
 *
 * @throws {TopologyError} When the topology can't run on this log.
 * @throws {StateFileError} When the state directory can't be used.
 */
export async function openApp(topology: Topology, setting: AppSetting): Promise<RunningApp> {
  const { config, log, logger, now, wallClock } = setting;
  const { applicationId, replicationFactor = 1 } = config;
  const openedAt = performance.now();
  const holdings = new Holdings(logger);
  try {
    const bound = await bindTopology(topology, log, { applicationId, replicationFactor, logger });
    const directory = await openStateDirectory(config, logger, wallClock);
    if (directory !== undefined) holdings.keep("the state directory", directory, (each) => each.close());
    const handlers = await makeHandlers(config, bound, log, logger, now);
    return new RunningApp({ ...setting, bound, directory, handlers, openedAt, holdings });
  } catch (error) {
    await holdings.free(true);
    throw error;
  }
}
