/**
 * `deno task reset`: sets a stopped application back. See `--help`.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { CONNECTION_VARIABLES } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../src/game/topics.ts";
import { type ConnectionConfig, connectionConfig } from "../src/kafka/config.ts";
import { GroupAdmin, type GroupState } from "../src/kafka/client/group_admin.ts";
import { clusterSettings } from "../src/kafka/client/kafka_log.ts";
import type { TopicPartition } from "../src/kafka/port/topics.ts";
import { APPLICATION_ID } from "../src/streams/arcade.ts";
import {
  type InternalTopics,
  internalTopics,
  parseTarget,
  planned,
  type PlannedPartition,
  table,
  type Target,
} from "./reset/plan.ts";
import { remove } from "./support/cache.ts";
import { ScriptError } from "./support/errors.ts";
import { statePath } from "../src/engine/task/state_directory.ts";

interface Flags {
  readonly applicationId: string;
  readonly inputTopics: readonly string[];
  readonly to: Target;
  readonly stateDir?: string;
  readonly execute: boolean;
}

/** The task and its flags. */
export const RESET: Program<Flags> = {
  name: "reset",
  task: true,
  description:
    "Sets a stopped application back: its offsets, its changelogs and repartition topics, its state on disk.\n" +
    "Shows what it would do, and does it only with --execute.",
  flags: {
    applicationId: {
      value: "<id>",
      text: "the application: its consumer group, and how its topics' names begin",
      parse: text("an application id"),
      default: APPLICATION_ID,
    },
    inputTopics: {
      value: "<names>",
      text: "the topics that it reads, with commas between",
      parse: topicList,
      default: [REQUESTS_TOPIC, RESPONSES_TOPIC],
      defaultText: `${REQUESTS_TOPIC},${RESPONSES_TOPIC}`,
    },
    to: {
      value: "<where>",
      text:
        "where it begins again: earliest, latest, an offset, a time such as 2026-01-31T12:00:00Z, or how long ago, such as 2h",
      parse: (text: string) => parseTarget(text, Date.now()),
      default: { kind: "earliest" },
      defaultText: "earliest",
    },
    stateDir: {
      value: "<path>",
      text: "also remove the application's state on this machine's disk; left out, it stays",
      parse: text("a folder"),
    },
    execute: toggle("do it, rather than show what would be done"),
  },
  sections: [
    {
      title: "What it leaves",
      paragraphs: [
        "Refuses while the group has members. Dead letters, outputs and the inputs themselves stay. Exits with 0 when it was done or " +
        "could be, 1 when not, 2 for a wrong flag.",
      ],
    },
    CONNECTION_VARIABLES,
  ],
};

function topicList(names: string): string[] {
  return text("topics' names")(names).split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** What there is, and what is to become of it. */
interface Plan {
  readonly partitions: readonly PlannedPartition[];
  readonly internal: InternalTopics;
  readonly group: GroupState;
}

/** Shows the plan, and does it where that was asked for. @returns The exit code. */
export async function reset(
  args: readonly string[],
  config: ConnectionConfig,
  say: (line: string) => void,
): Promise<number> {
  const flags = parseArguments(RESET, args);
  const logger = { warn: say, error: say };
  const admin = new GroupAdmin(clusterSettings(config, { clientId: "kos-reset", logger }));
  try {
    const plan = await look(admin, flags);
    show(plan, flags, say);
    if (plan.group.members.length > 0) throw new ScriptError(refusal(plan.group, flags.applicationId));
    if (!flags.execute) say("\nNothing was changed: --execute does it");
    else await carryOut(admin, plan, flags, say);
    return 0;
  } finally {
    await admin.close();
  }
}

async function look(admin: GroupAdmin, { applicationId, inputTopics, to }: Flags): Promise<Plan> {
  const [group, described, names, groupIds] = await Promise.all([
    admin.describe(applicationId),
    admin.describeTopics(inputTopics),
    admin.topicNames(),
    admin.groupIds(),
  ]);
  const missing = inputTopics.filter((topic) => !described.has(topic));
  if (missing.length > 0) {
    throw new ScriptError(
      `Cannot reset ${applicationId}: received the input topic ${
        missing.join(", ")
      }, which does not exist; ` +
        `name those that it reads by --input-topics`,
    );
  }
  const inputs = inputTopics.flatMap((topic) =>
    Array.from({ length: described.get(topic)!.partitions }, (_, partition) => ({ topic, partition }))
  );
  const partitions = await positions(admin, applicationId, inputs, to);
  const internal = internalTopics(applicationId, names, groupIds);
  const unknown = group.members.length === 0 && internal.own.length === 0 &&
    partitions.every(({ committed }) => committed === undefined);
  if (unknown) {
    throw new ScriptError(
      `Cannot reset ${applicationId}: received an application id that no group and no topic has; ` +
        `the groups here are ${groupIds.sort().join(", ") || "none"}`,
    );
  }
  return { partitions, internal, group };
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

function show({ partitions, internal }: Plan, flags: Flags, say: (line: string) => void): void {
  say(`Application ${flags.applicationId}`);
  say("");
  say(table(
    ["input topic", "partition", "begin", "end", "committed", "new", "note"],
    partitions.map(({ topic, partition, start, end, committed, offset, note }) => [
      topic,
      ...[partition, start, end, committed ?? "-", offset].map(String),
      note,
    ]),
  ));
  say("");
  if (internal.own.length === 0) say("internal topics to delete: none");
  else say(table(["internal topics to delete"], internal.own.map((topic) => [topic])));
  for (const { topic, applicationId } of internal.others) {
    say(`left alone: ${topic}, of application ${applicationId}`);
  }
  if (flags.stateDir !== undefined) {
    say(`state on disk to remove: ${statePath(flags.stateDir, flags.applicationId)}`);
  } else if (internal.own.some((topic) => topic.endsWith("-changelog"))) {
    say(
      "state on disk stays: where the application ran with --store sqlite, remove it on each machine (--state-dir)",
    );
  }
}

function refusal({ members }: GroupState, applicationId: string): string {
  const named = members.map(({ clientId, host, memberId }) =>
    `${clientId} at ${host.replace(/^\//, "")} (${memberId})`
  );
  return `Cannot reset ${applicationId}: received a group with ${members.length} live member${
    members.length > 1 ? "s" : ""
  }: ${named.join(", ")}; end them first (one that has crashed is gone after its session timeout)`;
}

/** Each step can be made again: after a failure the same command ends the work. */
async function carryOut(
  admin: GroupAdmin,
  plan: Plan,
  flags: Flags,
  say: (line: string) => void,
): Promise<void> {
  const { applicationId, stateDir } = flags;
  // First what the group refuses when somebody has come meanwhile.
  await admin.commit(applicationId, plan.partitions);
  say(`\nset the offsets of ${plan.partitions.length} partitions`);
  await admin.deleteTopics(plan.internal.own);
  say(`deleted ${plan.internal.own.length} internal topics`);
  if (stateDir === undefined) return;
  const path = statePath(stateDir, applicationId);
  await remove(path);
  say(`removed ${path}`);
}

if (import.meta.main) {
  await main("reset", () =>
    reset(
      Deno.args,
      connectionConfig((name) => Deno.env.get(name)),
      (line) => writeAll(Deno.stdout, `${line}\n`),
    ));
}
