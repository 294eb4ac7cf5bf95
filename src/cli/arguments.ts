/**
 * A program's arguments and variables, as the values of its flags.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "@std/cli/parse_args";
import { closestString } from "@std/text/closest_string";
import { levenshteinDistance } from "@std/text/levenshtein_distance";
import { helpText } from "./help.ts";
import { InvalidValue } from "./parsers.ts";
import { type AnyProgram, callOf, defaultOf, type NamedFlag, namedFlags, type Program } from "./program.ts";
import { terminalWidth } from "./terminal.ts";
import { permittedVariable } from "./variables.ts";
import { stdout, writeAll } from "./write.ts";

/** Flags or arguments that the user has to correct. Ends a process with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What was asked for has been printed (`--help`, `--version`): nothing is left to do. */
export class NothingToDo extends Error {
  override name = "NothingToDo";
}

/** What a program was started with. */
export interface CommandLine<F> {
  readonly flags: F;
  /** What stands without a flag, where the program takes such arguments. */
  readonly words: readonly string[];
  /** What stands behind `--`, or is passed on. */
  readonly rest: readonly string[];
}

/**
 * The values of a program's flags. Precedence: argument, variable, default. A variable set to nothing counts
 * as not set, as Compose and Helm write absent values.
 *
 * @throws {UsageError} Naming the flag or variable, what was received and what is allowed.
 * @throws {NothingToDo} After `--help` or `--version`.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseArguments } from "./arguments.ts";
 * import { integer } from "./parsers.ts";
 * import type { Program } from "./program.ts";
 *
 * const demo: Program<{ count: number }> = {
 *   name: "demo",
 *   description: "Counts.",
 *   flags: { count: { value: "<n>", text: "how many", parse: integer({ min: 1 }), default: 3 } },
 * };
 * assertEquals(parseArguments(demo, ["--count", "5"]), { count: 5 });
 * ```
 */
export function parseArguments<F extends object>(program: Program<F>, args: readonly string[]): F {
  return readCommandLine(program, args).flags;
}

/**
 * All that a program was started with.
 *
 * @throws {UsageError} Naming the flag or variable, what was received and what is allowed.
 * @throws {NothingToDo} After `--help` or `--version`.
 */
export function readCommandLine<F extends object>(
  program: Program<F>,
  args: readonly string[],
): CommandLine<F> {
  const { values, words, rest } = split(program, args);
  const flags: Record<string, unknown> = {};
  const given = new Map<string, NamedFlag & { readonly source: string }>();
  for (const flag of namedFlags(program)) {
    const found = valueOf(program, flag, values.get(flag.name) ?? []);
    const value = found === undefined ? defaultOf(flag) : found.value;
    if (value !== undefined) flags[flag.key] = value;
    // What is given as off (--json=false) is in nobody's way.
    if (found !== undefined && value !== false) given.set(flag.key, { ...flag, source: found.source });
  }
  checkExclusions(program, given);
  return { flags: flags as F, words, rest };
}

/** The texts of each flag, by its name, and the arguments that are none. */
function split(
  program: AnyProgram,
  args: readonly string[],
): { values: Map<string, string[]>; words: readonly string[]; rest: readonly string[] } {
  const flags = namedFlags(program);
  const names = flags.map(({ name }) => name);
  const { own, passed } = joined(program, flags, args);
  const ends = own.indexOf("--");
  const reserved = own.find((arg, i) => (ends < 0 || i < ends) && RESERVED.test(arg));
  if (reserved !== undefined) throw unknownFlag(program, reserved);
  const unknown: string[] = [];
  const parsed = parseArgs(own, {
    string: [...names, "_"],
    collect: names,
    boolean: ["help", "version"],
    alias: { h: "help", V: "version" },
    "--": true,
    unknown: (arg: string, key?: string) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  }) as Readonly<Record<string, unknown>>;
  if (parsed.help) tell(helpText(program, terminalWidth()));
  if (parsed.version && program.version !== undefined) tell(`${program.version}\n`);
  if (parsed.version) unknown.push("--version");
  if (unknown.length > 0) throw unknownFlag(program, unknown[0]!);
  const behind = parsed["--"] as string[];
  const alone = [...parsed._ as string[], ...(program.rest === undefined ? behind : [])];
  if (program.words === undefined && alone.length > 0) throw strayWord(program, alone[0]!);
  const values = new Map(names.map((name) => [name, (parsed[name] ?? []) as string[]]));
  return { values, words: alone, rest: program.passesOn ? passed : behind };
}

/** What `parseArgs` takes for its own list of arguments without a flag, and then can't add to it. */
const RESERVED = /^-=|^-[^=-]*_|^--(?:no-)?_/;

function tell(text: string): never {
  writeAll(stdout, text);
  throw new NothingToDo("it was printed");
}

/**
 * The arguments with each value joined to its flag, so that no value is taken for a flag (`--seed -1`), and
 * no word for a value (`--json now`). Those that are to be passed on apart.
 */
function joined(
  program: AnyProgram,
  flags: readonly NamedFlag[],
  args: readonly string[],
): { own: string[]; passed: string[] } {
  const own: string[] = [];
  const passed: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      (program.passesOn ? passed : own).push(...args.slice(i));
      break;
    }
    const { flag, value, negated } = typed(flags, arg);
    if (flag === undefined) {
      (program.passesOn && !ALWAYS.has(arg) ? passed : own).push(arg);
    } else if (value !== undefined) {
      if (negated) throw new UsageError(`Cannot use ${flag.long}: received a value; it takes none`);
      own.push(`--${flag.name}=${value}`);
    } else if (flag.value === undefined) {
      const says = !negated && /^(true|false)$/.test(args[i + 1] ?? "") ? args[++i] : `${!negated}`;
      own.push(`--${flag.name}=${says}`);
    } else if (++i < args.length) {
      own.push(`--${flag.name}=${args[i]}`);
    } else throw new UsageError(`Cannot use ${flag.long} ${flag.value}: received no value${hint(program)}`);
  }
  return { own, passed };
}

/** What every program has. */
const ALWAYS: ReadonlySet<string> = new Set(["-h", "--help", "-V", "--version"]);

/** The flag that an argument names, and the value that is joined to it. */
function typed(
  flags: readonly NamedFlag[],
  arg: string,
): { flag?: NamedFlag; value?: string; negated?: boolean } {
  if (!arg.startsWith("--")) {
    const flag = flags.find(({ short }) => short !== undefined && arg.startsWith(`-${short}`));
    return flag === undefined || arg.length === 2
      ? { flag }
      : { flag, value: arg.slice(2).replace(/^=/, "") };
  }
  const equals = arg.indexOf("=");
  const long = equals < 0 ? arg : arg.slice(0, equals);
  const flag = flags.find((flag) => flag.long === long || `--${flag.name}` === long);
  const negated = flag?.negated === true && flag.long === long;
  return equals < 0 ? { flag, negated } : { flag, negated, value: arg.slice(equals + 1) };
}

/** What a flag was given, and by what; `undefined` when it was not. */
function valueOf(
  program: AnyProgram,
  flag: NamedFlag,
  texts: readonly string[],
): { value: unknown; source: string } | undefined {
  if (texts.length > 0) {
    refuseSecret(flag, texts);
    const values = texts.map((text) => parseValue(program, flag, flag.long, text));
    return { value: flag.repeated ? values.flat() : values.at(-1), source: flag.long };
  }
  if (flag.variable === undefined) return undefined;
  const text = flag.mayBeDenied === true ? permittedVariable(flag.variable) : process.env[flag.variable];
  if (!text) return undefined;
  return { value: parseValue(program, flag, flag.variable, text), source: flag.variable };
}

function refuseSecret({ secretIn, long, variable }: NamedFlag, texts: readonly string[]): void {
  const secret = texts.map((text) => secretIn?.(text)).find((found) => found !== undefined);
  if (secret === undefined) return;
  throw new UsageError(
    `Cannot use ${long}: received ${secret}, and every user of this machine sees arguments; ` +
      `set ${variable} instead, or leave it out of the address`,
  );
}

function parseValue(program: AnyProgram, flag: NamedFlag, source: string, text: string): unknown {
  try {
    return flag.parse(text);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const received = program.concealed === undefined ? JSON.stringify(text) : "a value that is not shown";
    throw new UsageError(`Cannot use ${source}: received ${received}; ${error.message}${hint(program)}`);
  }
}

function checkExclusions(
  program: AnyProgram,
  given: ReadonlyMap<string, NamedFlag & { readonly source: string }>,
): void {
  for (const { source, excludes = [] } of given.values()) {
    const other = excludes.map((key) => given.get(key)).find((each) => each !== undefined);
    if (other === undefined) continue;
    throw new UsageError(
      `Cannot use ${source} with ${other.source}: received both; choose one${hint(program)}`,
    );
  }
}

/** How many letters a flag may be away from one that it is taken for. */
const MOST_DIFFERENT = 3;

function unknownFlag(program: AnyProgram, arg: string): UsageError {
  if (program.concealed !== undefined) return concealed(program, "an unknown flag");
  // Without its value, which may be a secret.
  const name = arg.split("=")[0]!;
  const longs = [...namedFlags(program).filter(({ hidden }) => !hidden).map(({ long }) => long), "--help"];
  if (program.version !== undefined) longs.push("--version");
  const nearest = closestString(name, longs);
  const distance = levenshteinDistance(name, nearest);
  const near = distance <= MOST_DIFFERENT && distance < name.replace(/^-+/, "").length;
  const remedy = near ? `; did you mean ${nearest}?` : "";
  return new UsageError(`Cannot use ${name}: received an unknown flag${remedy}${hint(program)}`);
}

function strayWord(program: AnyProgram, word: string): UsageError {
  if (program.concealed !== undefined) return concealed(program, "one without a flag");
  return new UsageError(
    `Cannot use the arguments: received ${JSON.stringify(word)}, which belongs to no flag${hint(program)}`,
  );
}

function concealed(program: AnyProgram, what: string): UsageError {
  return new UsageError(
    `Cannot use the arguments: received ${what}; ${program.concealed}${hint(program)}`,
  );
}

function hint(program: AnyProgram): string {
  return ` (${callOf(program)} --help lists all flags)`;
}
