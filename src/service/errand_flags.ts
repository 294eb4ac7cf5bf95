/**
 * The flags with which a service does something else than run.
 *
 * @module
 */
import { text } from "../cli/parsers.ts";
import { type FlagTable, toggle } from "../cli/program.ts";
import { INSTEAD, PROBE, WITHIN } from "../cli/shared_flags.ts";
import { parseTarget, type Target } from "./reset/plan.ts";

/** The values of the flags with which a service does something else than run. Times are in ms. */
export interface ErrandFlags {
  /** Ask the instance at this URL for its readiness and its lag series, and end. */
  readonly probe?: string;
  /** The topics whose lag it has to serve. */
  readonly probeTopics?: readonly string[];
  /** Set the application back, and end. */
  readonly reset: boolean;
  /** Where the application begins again. */
  readonly resetTo?: Target;
  /** Do what `reset` shows. */
  readonly execute: boolean;
  /** How long to wait for what is not there yet, or for members to leave. */
  readonly within: number;
}

/** What all of them have: a variable that is left in an environment would keep the program from running. */
const COMMON = { variable: false, group: INSTEAD } as const;

/** The table of those flags. */
export const ERRAND_FLAGS: FlagTable<ErrandFlags> = {
  probe: {
    ...PROBE,
    text: "ask a running instance whether it is ready and serves its lag; exit with 0 or 1",
  },
  probeTopics: {
    value: "<names>",
    text: "the topics whose lag that instance has to serve, with commas between",
    parse: topicList,
    defaultText: "those that the topology reads",
    ...COMMON,
  },
  reset: toggle(
    "show what setting the stopped application back comes to: offsets, changelogs, repartition topics",
    { excludes: ["probe"], ...COMMON },
  ),
  resetTo: {
    value: "<where>",
    text: "where it begins again: earliest, latest, an offset, a time, or how long ago, such as 2h",
    parse: (text) => parseTarget(text, Date.now()),
    defaultText: "earliest",
    ...COMMON,
  },
  execute: toggle("do what --reset shows", { excludes: ["probe", "describe"], ...COMMON }),
  within: {
    ...WITHIN,
    text: "how long --probe waits for what is not there yet, --execute for members to leave",
  },
};

/** Topics' names with commas between. */
export function topicList(names: string): string[] {
  return text("topics' names")(names).split(",").map((name) => name.trim()).filter((name) => name !== "");
}
