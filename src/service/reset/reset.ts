/**
 * Sets a stopped application back: its offsets, its changelogs and repartition topics, its state on disk.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { delay } from "@std/async/delay";
import { statePath } from "../../engine/task/state_directory.ts";
import { GroupAdmin, type GroupState } from "../../kafka/client/group_admin.ts";
import { clusterSettings } from "../../kafka/client/kafka_log.ts";
import type { ConnectionConfig } from "../../kafka/config.ts";
import type { TopicPartition } from "../../kafka/port/topics.ts";
import {
  type InternalTopics,
  internalTopics,
  planned,
  type PlannedPartition,
  table,
  type Target,
} from "./plan.ts";

/** What is set back, and how. */
export interface ResetRequest {
  /** The consumer group, and how the names of its topics begin. */
  readonly applicationId: string;
  /** The topics that it reads. */
  readonly inputTopics: readonly string[];
  /** Where it begins again. */
  readonly to: Target;
  /** Also remove the application's state below this folder. Default: it stays. */
  readonly stateDir?: string;
  /** Do it, rather than show what would be done. */
  readonly execute: boolean;
  /** How long members may take to leave before it is done, in ms. Default 0: they are refused at once. */
  readonly waitMs?: number;
  /** Whether it is fine that an input topic, or all of the application, is not there. Default: it is not. */
  readonly mayBeAbsent?: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** What was asked for can't be set back: a member lives, or nothing has that name. */
export class ResetRefused extends Error {
  /** How logs name the error. */
  override name = "ResetRefused";
}

/** The time between two looks at the group while its members leave, in ms. */
const LOOK_EVERY_MS = 500;

/** What there is, and what is to become of it. */
interface Plan {
  readonly partitions: readonly PlannedPartition[];
  readonly internal: InternalTopics;
  readonly group: GroupState;
}

/**
 * Shows what is to be set back, and does it where that was asked for.
 *
 * @param say Gets each line.
 * @throws {ResetRefused} While the group has members, and where the application or a topic is not there.
 */
export async function resetApplication(
  request: ResetRequest,
  config: ConnectionConfig,
  say: (line: string) => void,
): Promise<void> {
  const logger = { warn: say, error: say };
  const admin = new GroupAdmin(clusterSettings(config, { clientId: "kos-reset", logger }));
  try {
    if (request.execute) await untilEmpty(admin, request, say);
    const plan = await look(admin, request);
    show(plan, request, say);
    if (plan.group.members.length > 0) throw refusal(plan.group, request.applicationId);
    if (!request.execute) say("\nNothing was changed: --execute does it");
    else await carryOut(admin, plan, request, say);
  } finally {
    await admin.close();
  }
}

/** Resolves when the group is empty, or the time for that is up. */
async function untilEmpty(
  admin: GroupAdmin,
  { applicationId, waitMs = 0, signal }: ResetRequest,
  say: (line: string) => void,
): Promise<void> {
  const end = performance.now() + waitMs;
  for (let said = false; performance.now() < end; said = true) {
    const { members } = await admin.describe(applicationId);
    if (members.length === 0) return;
    if (!said) say(`waiting for ${members.map(({ clientId }) => clientId).join(", ")} to leave`);
    await delay(LOOK_EVERY_MS, signal === undefined ? {} : { signal });
  }
}

async function look(admin: GroupAdmin, request: ResetRequest): Promise<Plan> {
  const { applicationId, to, mayBeAbsent = false } = request;
  const [group, described, names, groupIds] = await Promise.all([
    admin.describe(applicationId),
    admin.describeTopics(request.inputTopics),
    admin.topicNames(),
    admin.groupIds(),
  ]);
  const missing = request.inputTopics.filter((topic) => !described.has(topic));
  if (missing.length > 0 && !mayBeAbsent) {
    throw new ResetRefused(
      `Cannot reset ${applicationId}: received the input topic ${
        missing.join(", ")
      }, which does not exist; ` +
        `name those that it reads by --input-topics`,
    );
  }
  const inputs = request.inputTopics.flatMap((topic) =>
    Array.from({ length: described.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition }))
  );
  const partitions = await positions(admin, applicationId, inputs, to);
  const internal = internalTopics(applicationId, names, groupIds);
  const unknown = group.members.length === 0 && internal.own.length === 0 &&
    partitions.every(({ committed }) => committed === undefined);
  if (unknown && !mayBeAbsent) {
    throw new ResetRefused(
      `Cannot reset ${applicationId}: received an application id that no group and no topic has; ` +
        `the groups here are ${groupIds.sort().join(", ") || "none"}`,
    );
  }
  // One that ended before its first commit may be meant to go past what it ended at.
  const asAtFirst = unknown && to.kind === "earliest";
  return { partitions: asAtFirst ? [] : partitions, internal, group };
}

async function positions(
  admin: GroupAdmin,
  groupId: string,
  inputs: readonly TopicPartition[],
  to: Target,
): Promise<PlannedPartition[]> {
  const [starts, ends, committed] = await Promise.all([
    admin.offsets(inputs, "earliest"),
    admin.offsets(inputs, "latest"),
    admin.committed(groupId, inputs),
  ]);
  const wanted = to.kind === "time"
    ? await admin.offsets(inputs, to.ms)
    : to.kind === "offset"
    ? inputs.map(() => to.offset)
    : to.kind === "earliest"
    ? starts
    : ends;
  return inputs.map((input, i) =>
    planned({
      ...input,
      start: starts[i]!,
      end: ends[i]!,
      committed: committed[i],
      wanted: wanted[i]!,
    })
  );
}

function show({ partitions, internal }: Plan, request: ResetRequest, say: (line: string) => void): void {
  say(`Application ${request.applicationId}`);
  say("");
  if (partitions.length === 0) say("offsets to set: none");
  else say(offsetsTable(partitions));
  say("");
  if (internal.own.length === 0) say("internal topics to delete: none");
  else say(table(["internal topics to delete"], internal.own.map((topic) => [topic])));
  for (const { topic, applicationId } of internal.others) {
    say(`left alone: ${topic}, of application ${applicationId}`);
  }
  if (request.stateDir !== undefined) {
    say(`state on disk to remove: ${statePath(request.stateDir, request.applicationId)}`);
  } else if (internal.own.some((topic) => topic.endsWith("-changelog"))) {
    say(
      "state on disk stays: where the application ran with --store sqlite, remove it on each machine " +
        "(--state-dir)",
    );
  }
}

function offsetsTable(partitions: readonly PlannedPartition[]): string {
  return table(
    ["input topic", "partition", "begin", "end", "committed", "new", "note"],
    partitions.map(({ topic, partition, start, end, committed, offset, note }) => [
      topic,
      ...[partition, start, end, committed ?? "-", offset].map(String),
      note,
    ]),
  );
}

function refusal({ members }: GroupState, applicationId: string): ResetRefused {
  const named = members.map(({ clientId, host, memberId }) =>
    `${clientId} at ${host.replace(/^\//, "")} (${memberId})`
  );
  return new ResetRefused(
    `Cannot reset ${applicationId}: received a group with ${members.length} live member${
      members.length > 1 ? "s" : ""
    }: ${named.join(", ")}; end them first (one that has crashed is gone after its session timeout)`,
  );
}

/** Each step can be made again: after a failure the same command ends the work. */
async function carryOut(
  admin: GroupAdmin,
  plan: Plan,
  { applicationId, stateDir }: ResetRequest,
  say: (line: string) => void,
): Promise<void> {
  // First what the group refuses when somebody has come meanwhile.
  await admin.commit(applicationId, plan.partitions);
  say(`\nset the offsets of ${plan.partitions.length} partitions`);
  await admin.deleteTopics(plan.internal.own);
  say(`deleted ${plan.internal.own.length} internal topics`);
  if (stateDir === undefined) return;
  const path = statePath(stateDir, applicationId);
  await rm(path, { recursive: true, force: true });
  say(`removed ${path}`);
}
