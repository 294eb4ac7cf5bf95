import type { GroupMember } from "../../kafka/port/group.ts";
import type { Log } from "../../kafka/port/log.ts";
import type { ProducerOptions } from "../../kafka/port/producer.ts";
import { AtLeastOnceCommitter } from "./at_least_once.ts";
import type { BoundTopology } from "../topology/bound_topology.ts";
import { callTimeoutMs } from "./call_timeout.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { CommitEvents, Committer } from "./committer.ts";
import { DEFAULT_COMMIT_INTERVAL_MS, type StreamsConfig } from "./config.ts";
import { ExactlyOnceCommitter } from "./exactly_once.ts";
import { refusalHandler } from "./failures.ts";
import type { Handlers } from "../record/handlers.ts";
import { BUFFER_BYTES } from "./output_bounds.ts";
import type { EngineStats } from "../record/stats.ts";

/** What a committer is made of. */
export interface CommitterParts {
  readonly config: StreamsConfig;
  readonly bound: BoundTopology;
  readonly handlers: Handlers;
  readonly log: Log;
  readonly stats: EngineStats;
  /** Gives the membership, which begins after the committer was made. */
  readonly group: () => GroupMember;
  /** Whether stores are kept on disk, with checkpoints of their changelogs. */
  readonly onDisk: boolean;
  readonly now: () => number;
  readonly events: CommitEvents;
}

/** The committer of the guarantee that a configuration asks for. */
export function makeCommitter(parts: CommitterParts): Committer {
  const { config, bound, handlers, log, stats, group, onDisk, now, events } = parts;
  const {
    applicationId,
    commitIntervalMs = DEFAULT_COMMIT_INTERVAL_MS,
    processingGuarantee = "at_least_once",
  } = config;
  const checkpoints = onDisk ? new Checkpoints(log, processingGuarantee === "at_least_once", now) : undefined;
  const sinks = new Set([...bound.sinks.values()].map(({ topic }) => topic));
  const refused = (taskId?: string): ProducerOptions["onRefused"] =>
    refusalHandler(handlers, sinks, stats, taskId);
  if (processingGuarantee === "exactly_once") {
    return new ExactlyOnceCommitter(
      log,
      applicationId,
      group,
      commitIntervalMs,
      now,
      events,
      refused,
      checkpoints,
      callTimeoutMs(bound),
    );
  }
  const onRefused = refused();
  const changelogs = [...bound.stores.values()].flatMap(({ changelog }) => changelog ?? []);
  const producer = log.producer({
    bufferBytes: BUFFER_BYTES,
    topics: [...sinks, ...changelogs],
    ...(onRefused === undefined ? {} : { onRefused }),
  });
  return new AtLeastOnceCommitter(producer, group, commitIntervalMs, now, events, checkpoints);
}
