/**
 * What the chart knows of the programs' flags: `files/flags.yaml`, which its templates read, made of the programs'
 * tables.
 *
 * @module
 */
import { stringify } from "@std/yaml";
import { type AnyProgram, type NamedFlag, namedFlags } from "../../src/cli/program.ts";
import { GEN } from "../../src/datagen/flags.ts";
import { serviceProgram } from "../../src/service/program.ts";
import { APPLICATION_ID, STREAMS } from "../../src/streams/arcade.ts";

/** The blocks of values that stand for a program. */
export type Block = "app" | "generator";

/** A flag that the chart has a value for. */
export interface ValueFlag {
  /** The value's path, as `["app", "store"]`. */
  readonly path: readonly string[];
  /** The flag. */
  readonly flag: NamedFlag;
  /** Whether the value 0 stands for a flag that is not given. */
  readonly orZero?: boolean;
}

/** A program of `run`, whatever its topology. */
const SERVICE: AnyProgram = serviceProgram({ applicationId: APPLICATION_ID });

const PROGRAMS: Readonly<Record<Block, AnyProgram>> = { app: SERVICE, generator: GEN };

/** Flags that are values outside of the program's block, as both programs have them. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  metricsLevel: ["metrics", "level"],
  waitForBroker: ["kafka", "waitForBroker"],
  partitions: ["kafka", "partitions"],
  replicationFactor: ["kafka", "replicationFactor"],
};

/** Of these the chart takes 0 for what is not given. */
const OR_ZERO: ReadonlySet<string> = new Set(["partitions", "replicationFactor"]);

/**
 * Flags that are no value as they are: what a pod, a volume or a Service settles, and what a Deployment has no use
 * for.
 */
const SETTLED: Readonly<Record<Block, ReadonlySet<string>>> = {
  app: new Set([
    "describe",
    "clientId",
    "stateDir",
    "groupInstanceId",
    "leaveWithin",
    "metricsPort",
    "metricsHost",
    "advertise",
    "storesPort",
    "storesHost",
    "storesTokenFile",
    "cpus",
  ]),
  generator: new Set([
    "duration",
    "count",
    "json",
    "topicPrefix",
    "controlPort",
    "controlHost",
    "controlTokenFile",
    "metricsPort",
    "metricsHost",
    // One of the two is set.
    "rate",
    "profile",
  ]),
};

/** What switches stacks on in every program, and is no flag. */
const DEBUG = "KOS_DEBUG";

/** The flags that have a value of the chart's, in the order of the tables. */
export function valueFlags(): ValueFlag[] {
  const flags = (["app", "generator"] as const).flatMap((block) =>
    inBlock(block).map((flag) => ({ path: [block, flag.key], flag }))
  );
  const elsewhere = namedFlags(SERVICE).flatMap((flag) => {
    const path = ELSEWHERE[flag.key];
    return path === undefined ? [] : [{ path, flag, orZero: OR_ZERO.has(flag.key) }];
  });
  return [...flags, ...elsewhere, ...ownFlags().map((flag) => ({ path: ["app", flag.key], flag }))];
}

/** The text of `files/flags.yaml`. */
export function flagsFile(): string {
  const known = (block: Block) => ({
    values: variablesByKey(inBlock(block)),
    variables: [...namedFlags(PROGRAMS[block]).flatMap(({ variable }) => variable ?? []), DEBUG].sort(),
  });
  const file = {
    app: { ...known("app"), arcade: variablesByKey(ownFlags()) },
    generator: known("generator"),
  };
  return `# Written by deno task chart --update from the programs' tables of flags.\n${stringify(file)}`;
}

function variablesByKey(flags: readonly NamedFlag[]): Record<string, string> {
  return Object.fromEntries(flags.map(({ key, variable }) => [key, variable!]));
}

/** The flags that are values of the block itself, by their own keys. */
function inBlock(block: Block): NamedFlag[] {
  return namedFlags(PROGRAMS[block]).filter(({ key, variable }) =>
    variable !== undefined && !SETTLED[block].has(key) && ELSEWHERE[key] === undefined
  );
}

/** The flags that only the arcade's program has. */
function ownFlags(): NamedFlag[] {
  const common = new Set(namedFlags(SERVICE).map(({ key }) => key));
  return namedFlags(STREAMS).filter(({ key }) => !common.has(key));
}
