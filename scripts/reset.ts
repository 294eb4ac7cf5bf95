/**
 * `deno task reset`: sets a stopped application back. See `--help`.
 *
 * @module
 */
import {
  CONNECTION_FLAGS,
  CONNECTION_VARIABLES,
  connectionEnv,
  type ConnectionFlags,
} from "../src/cli/connection_flags.ts";
import { parseArguments } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { writeAll } from "../src/cli/write.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../src/game/topics.ts";
import { type ConnectionConfig, connectionConfig } from "../src/kafka/config.ts";
import { topicList } from "../src/service/errand_flags.ts";
import { parseTarget, type Target } from "../src/service/reset/plan.ts";
import { resetApplication } from "../src/service/reset/reset.ts";
import { APPLICATION_ID } from "../src/streams/arcade.ts";

interface Flags extends ConnectionFlags {
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
    ...CONNECTION_FLAGS,
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

/**
 * Shows the plan, and does it where that was asked for.
 *
 * @param connection Reads where Kafka is.
 * @returns The exit code.
 */
export async function reset(
  args: readonly string[],
  connection: (flags: ConnectionFlags) => ConnectionConfig,
  say: (line: string) => void,
): Promise<number> {
  const flags = parseArguments(RESET, args);
  await resetApplication(flags, connection(flags), say);
  return 0;
}

if (import.meta.main) {
  await main("reset", () =>
    reset(
      Deno.args,
      (flags) => connectionConfig(connectionEnv(flags)),
      (line) => writeAll(Deno.stdout, `${line}\n`),
    ));
}
