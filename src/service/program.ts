/**
 * The program that a service is to its user: the flags of every service, and those of its own.
 *
 * @module
 */
import { formatDuration, InvalidValue } from "../cli/parsers.ts";
import { type Flag, type FlagTable, namedFlags, type Program } from "../cli/program.ts";
import { CONNECTION_VARIABLES } from "../cli/connection_flags.ts";
import { type AllFlags, type ServiceFlags, serviceFlags } from "./flags.ts";

/** A table of flags, by the properties that have their values. */
export type FlagRows = Readonly<Record<string, Flag<unknown>>>;

/** The values that a table of flags gives: one without a default may be `undefined`. */
export type FlagValues<T> = {
  readonly [K in keyof T]: T[K] extends { readonly parse: (text: string) => infer V }
    ? T[K] extends { readonly default: unknown } ? V : V | undefined
    : never;
};

/** What flags that every service has are when they are not given. Times are in ms. */
export type ServiceDefaults = Partial<Omit<ServiceFlags, "describe" | "applicationId">>;

/** What a program says of itself, and its own flags. */
export interface ProgramOptions<T extends FlagRows> {
  /** Names the consumer group and the changelogs, unless `--application-id` does. */
  readonly applicationId: string;
  /** The program's name in messages, help and metrics. Default: the application id. */
  readonly name?: string;
  /** What the program does, for `--help`. */
  readonly description?: string;
  /** The program's version. Default: there is no `--version`, and `kos_build_info` has that of kos. */
  readonly version?: string;
  /** Flags of the program's own, by the property that has the value. */
  readonly flags?: T;
  /** Other defaults for flags that every service has, such as `{ processingGuarantee: "exactly_once" }`. */
  readonly defaults?: ServiceDefaults;
}

/**
 * The program with all its flags.
 *
 * @throws {TypeError} When a flag has the name of one that every service has, or a default is of no such flag
 * or one that it does not take.
 */
export function serviceProgram<T extends FlagRows>(
  options: ProgramOptions<T>,
): Program<AllFlags & FlagValues<T>> {
  const { applicationId, name = applicationId, description, version, flags: own, defaults } = options;
  const { describe, ...others } = withDefaults(serviceFlags(applicationId), defaults);
  const common: FlagRows = { describe, ...others };
  refuseTaken(Object.keys(own ?? {}), common);
  return {
    name,
    description: description ?? `Runs the topology of ${applicationId} on Kafka.`,
    ...(version === undefined ? {} : { version }),
    // The program's own stand first under `Options`: most others have a heading of their own.
    flags: { describe, ...own, ...others } as Program<AllFlags & FlagValues<T>>["flags"],
    sections: [CONNECTION_VARIABLES],
  };
}

function withDefaults(
  table: FlagTable<AllFlags>,
  defaults: ServiceDefaults = {},
): FlagTable<AllFlags> {
  const rows = table as FlagRows;
  const others = Object.entries(defaults).filter(([, value]) => value !== undefined);
  return { ...table, ...Object.fromEntries(others.map(([key, value]) => [key, rowWith(rows, key, value)])) };
}

/** The row of a flag with that default, which has to be a value that could be typed. */
function rowWith(rows: FlagRows, key: string, value: unknown): Flag<unknown> {
  const row = rows[key];
  if (row === undefined || key === "describe" || key === "applicationId") {
    throw new TypeError(
      `Cannot use the default ${key}: received the name of no flag that has other defaults`,
    );
  }
  const text = row.value === "<time>" ? formatDuration(Number(value)) : String(value);
  try {
    row.parse(text);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new TypeError(`Cannot use the default ${key}: received ${text}; ${error.message}`, {
      cause: error,
    });
  }
  const { defaultText: _former, ...rest } = row;
  return { ...rest, default: value };
}

function refuseTaken(keys: readonly string[], common: FlagRows): void {
  const taken = keys.find((key) => key in common || key === "help" || key === "version");
  if (taken === undefined) return;
  const [flag] = namedFlags({ name: "", description: "", flags: { [taken]: common[taken] ?? {} } });
  throw new TypeError(
    `Cannot use a flag ${flag!.long} of the program's own: received a name that every service has; ` +
      "give it another name",
  );
}
