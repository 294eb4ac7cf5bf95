/**
 * The arcade's stream processor as a service: its flags, its topology with its metric, and the sessions that
 * are read by their key.
 *
 * @module
 */
import type { Logger } from "../cli/log.ts";
import { duration } from "../cli/parsers.ts";
import type { FlagTable, Program } from "../cli/program.ts";
import { VERSION } from "../cli/version.ts";
import type { Topology } from "../engine/mod.ts";
import type { Log } from "../kafka/mod.ts";
import { Registry } from "../metrics/prom_client.ts";
import { PulledMetrics } from "../metrics/pulled_metrics.ts";
import type { ServiceFlags } from "../service/flags.ts";
import { type FlagValues, serviceProgram } from "../service/program.ts";
import type { RunOptions } from "../service/run.ts";
import { Service } from "../service/service.ts";
import type { ServiceSettings } from "../service/settings.ts";
import { parseSessionKey } from "./session_key.ts";
import {
  DEFAULT_GRACE_MS,
  DEFAULT_RETENTION_MS,
  type SessionsOptions,
  sessionsStore,
  sessionsTopology,
} from "./sessions_topology.ts";

/** The application id of the original: its group and changelogs have this name. */
export const APPLICATION_ID = "KINGOFSCALING-APP";

/** The values of the flags of its own. Times are in ms. */
export interface ArcadeFlags {
  /** How late a frame may come to be joined. */
  readonly grace: number;
  /** How long a session is kept after its last hit; 0: for ever. */
  readonly retention: number;
}

const FLAGS: FlagTable<ArcadeFlags> = {
  grace: {
    value: "<time>",
    text: "how late a frame may come to be joined",
    parse: duration(),
    default: DEFAULT_GRACE_MS,
    defaultText: "30s",
  },
  retention: {
    value: "<time>",
    text: "how long a session is kept after its last hit; 0s keeps all",
    parse: duration(),
    default: DEFAULT_RETENTION_MS,
    defaultText: "1h",
  },
};

/** What `run` is told of it. */
export const ARCADE: RunOptions<FlagTable<ArcadeFlags>> = {
  name: "streams",
  description: "Joins answered game frames, decodes their hits and writes the sessions to SESSIONS.",
  version: VERSION,
  applicationId: APPLICATION_ID,
  flags: FLAGS,
  stores: [{ path: "sessions", store: sessionsStore(sessionsTopology()), parseKey: parseSessionKey }],
};

/** The binary and its flags. */
export const STREAMS: Program<ServiceFlags & FlagValues<FlagTable<ArcadeFlags>>> = serviceProgram(ARCADE);

/** The sessions topology, with a count of the hits that could not be decoded. */
export function arcadeTopology(
  metrics: Registry,
  options: Omit<SessionsOptions, "onUndecodableHit"> = {},
): Topology {
  let undecodableHits = 0;
  new PulledMetrics(metrics).counter(
    "kos_streams_hits_undecodable_total",
    "Hits whose bytes are no hit and were left out of their session.",
    () => undecodableHits,
  );
  return sessionsTopology({ ...options, onUndecodableHit: () => undecodableHits++ });
}

/** What {@linkcode startStreams} is told. */
export interface StreamsOptions
  extends Pick<ServiceSettings, "metrics" | "storesAt" | "advertise" | "engine"> {
  /** The log that it reads and writes. */
  readonly log: Log;
  /** Told of what happens. */
  readonly logger: Logger;
  /** Names this instance in the gauges' labels. */
  readonly clientId: string;
}

/** Starts it inside another program, such as the demo. */
export async function startStreams(options: StreamsOptions): Promise<Service> {
  const registry = new Registry();
  return await Service.start(arcadeTopology(registry), {
    ...options,
    registry,
    name: "streams",
    version: VERSION,
    applicationId: APPLICATION_ID,
    askedForAt: performance.now(),
    ...(ARCADE.stores === undefined ? {} : { stores: ARCADE.stores }),
  });
}
