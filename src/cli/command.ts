/**
 * Commands and flags as all binaries have them: each flag has an environment variable, `--help` shows both and the
 * default, and a wrong one is a {@linkcode UsageError}.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { boolean, choice, type ValueParser } from "./parsers.ts";
import { LOG_LEVELS } from "./log.ts";
import { writeAll } from "./write.ts";

/** Flags or arguments that the user has to correct. Ends a process with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What was asked for has been printed (`--help`, `--version`): nothing is left to do. */
export class NothingToDo extends Error {
  override name = "NothingToDo";
}

/** Settings of a {@linkcode flag}. */
export interface FlagSettings<T> {
  readonly parse: ValueParser<T>;
  /** Left out, the flag is `undefined` unless given. */
  readonly default?: T;
  /** How the default reads in `--help` where its value does not say it. */
  readonly defaultText?: string;
  /** The variable. Default: `KOS_` and the flag's name, as `KOS_METRICS_PORT` for `--metrics-port`. */
  readonly env?: string;
}

/**
 * A flag with a value, such as `--rate <records/s>`. Precedence: command line, environment variable, default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command, flag, parseArguments } from "./command.ts";
 * import { integer } from "./parsers.ts";
 *
 * const demo = command("demo", "Counts.").addOption(
 *   flag("--count <n>", "how many", { parse: integer({ min: 1 }), default: 3 }),
 * );
 * assertEquals(parseArguments<{ count: number }>(demo, ["--count", "5"]), { count: 5 });
 * ```
 */
export function flag<T>(flags: string, description: string, settings: FlagSettings<T>): Option {
  const option = new Option(flags, description).argParser(settings.parse);
  if (settings.default !== undefined) option.default(settings.default, settings.defaultText);
  return option.env(settings.env ?? variable(option));
}

/**
 * A flag that is on or off: `--json`, `--json=false`, or its variable with `true` or `false`. (Commander's own boolean
 * flags take a variable as on whatever it says.)
 */
export function toggle(name: string, description: string, env?: string): Option {
  const option = new Option(`${name} [true|false]`, description)
    .argParser(boolean()).default(false, "false");
  return option.env(env ?? variable(option));
}

/** `--log-level`, as every binary has it. */
export function logLevelFlag(): Option {
  return flag("--log-level <level>", `how much to say on stderr: ${LOG_LEVELS.join(", ")}`, {
    parse: choice(...LOG_LEVELS),
    default: "info" as const,
    defaultText: "info",
  });
}

/** A command whose errors come as {@linkcode UsageError}; add its flags, then call {@linkcode parseArguments}. */
export function command(name: string, description: string, version?: string): Command {
  const created = new Command(name)
    .description(description)
    .exitOverride()
    .helpOption("-h, --help", "show this")
    .configureHelp({ helpWidth: 110 })
    // Nothing is coloured; asking whether it may be would read variables that a narrow permission set leaves out.
    .configureOutput({
      writeOut: (text) => writeAll(Deno.stdout, text),
      writeErr: (text) => writeAll(Deno.stderr, text),
      outputError: () => {}, // The UsageError says it.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  if (version !== undefined) created.version(version, "-V, --version", "show the version");
  return created;
}

/**
 * The values of a command's flags. A variable set to nothing counts as not set, as Compose and Helm write absent values.
 *
 * @throws {UsageError} Naming the flag or variable, what was received and what is allowed.
 * @throws {NothingToDo} After `--help` or `--version`.
 */
export function parseArguments<T extends object>(command: Command, args: readonly string[]): T {
  for (const option of command.options) {
    if (option.envVar !== undefined && Deno.env.get(option.envVar) === "") delete option.envVar;
  }
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new NothingToDo(error.message);
    throw new UsageError(
      `${error.message.replace(/^error: /, "")} (${command.name()} --help lists all flags)`,
    );
  }
  return command.opts<T>();
}

/** For `--help`: the variables that are no flags, since some of them are secrets and all go for every binary. */
export const CONNECTION_HELP = `
Variables of the connection:
  KAFKA_BROKERS          bootstrap servers (default: localhost:9092)
  SCHEMA_REGISTRY        a Confluent-compatible registry's URL (default: none; schemas go by their fingerprint)
  API_KEY, SECRET_KEY    SASL PLAIN over TLS when both are set
  CLOUD                  false: no SASL and no TLS in spite of the keys
  KAFKA_CA               a PEM file with the authorities to trust (default: those of the system)
`;

function variable(option: Option): string {
  return `KOS_${option.name().toUpperCase().replaceAll("-", "_")}`;
}
