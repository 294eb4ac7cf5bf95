/**
 * What a program is to its user: a name, what it does, and one table of flags. Parsing, `--help`, variables,
 * defaults, suggestions and docs/flags.md all come from the table.
 *
 * @module
 */
import { boolean, formatDuration, type ValueParser } from "./parsers.ts";

/** A flag of a program's table. Its name is its key in the table, in small letters with dashes. */
export interface Flag<T> {
  /** What the flag is for, in a few words. */
  readonly text: string;
  /** How the help calls its value, as `<records/s>`. Left out, the flag is on or off and stands alone. */
  readonly value?: string;
  /** Turns what was typed into the value. */
  readonly parse: ValueParser<T>;
  /**
   * The value of a flag that is not given; left out, it is `undefined`. A function is called when it is
   * needed.
   */
  readonly default?: T | (() => T);
  /**
   * How the default reads where its value does not say it, or what stands for a flag that is not given. A
   * number of ms reads as a time by itself, where {@linkcode value} is `<time>`.
   */
  readonly defaultText?: string;
  /** The flag's variable; `false` for none. Default: the program's prefix and the name in capitals. */
  readonly variable?: string | false;
  /** Whether its variable is as if it were not set where Deno does not permit to read it. Default `false`. */
  readonly mayBeDenied?: boolean;
  /** One letter that stands for it behind a single dash. */
  readonly short?: string;
  /** The heading of the help that it stands under. Default: `Options`. */
  readonly group?: string;
  /** Whether neither the help nor the docs show the flag. */
  readonly hidden?: boolean;
  /** Given more than once, its values (lists) are put one behind the other; else the last one counts. */
  readonly repeated?: boolean;
  /** Whether the flag is given as `--no-<name>`, and then `false`. */
  readonly negated?: boolean;
  /**
   * Why a value may be in no argument, which every user of the machine sees, but in its variable;
   * `undefined` for one that may.
   */
  readonly secretIn?: (text: string) => string | undefined;
  /** Keys of flags that can't be given with it. */
  readonly excludes?: readonly string[];
}

/** A flag that has a value in any case. */
export type FlagWithDefault<T> = Flag<T> & { readonly default: T | (() => T) };

/**
 * The flags that give the values `F`: one for each property, with a default unless that may be `undefined`.
 */
export type FlagTable<F> = {
  readonly [K in keyof F]-?: undefined extends F[K] ? Flag<Exclude<F[K], undefined>> : FlagWithDefault<F[K]>;
};

/** A part of the help behind the flags. */
export interface HelpSection {
  readonly title: string;
  /** Terms or commands, each with what it means; a text that is empty is left out. */
  readonly rows?: readonly (readonly [term: string, text: string])[];
  /** Paragraphs behind the rows. */
  readonly paragraphs?: readonly string[];
}

/** A program but for its flags. */
export interface ProgramText {
  readonly name: string;
  /** Whether it is started as `deno task <name>`, and no binary of its own. */
  readonly task?: boolean;
  /** What the program does, in paragraphs. */
  readonly description: string | readonly string[];
  /** The program's version; left out, there is no `--version`. */
  readonly version?: string;
  /** What its variables begin with, unless a flag names its own; `false` for none. Default: `KOS_`. */
  readonly prefix?: string | false;
  readonly sections?: readonly HelpSection[];
  /** How the help calls arguments that stand without a flag, as `<folder>`. Default: none are taken. */
  readonly words?: string;
  /**
   * How the help calls arguments that are no flags of its own, as `-- [flags of docker]`. Default: none are
   * taken.
   */
  readonly rest?: string;
  /** All arguments that it does not know are its rest, and not only those behind `--`. */
  readonly passesOn?: boolean;
  /** Said instead of what was received where a secret may come by mistake: no error repeats any of it. */
  readonly concealed?: string;
}

/** A program whose flags give the values `F`. */
export interface Program<F> extends ProgramText {
  readonly flags: FlagTable<F>;
}

/** A program with whatever flags. */
export type AnyProgram = ProgramText & { readonly flags: object };

/** A flag as it is typed. */
export interface NamedFlag extends Omit<Flag<unknown>, "variable"> {
  /** The property that has its value. */
  readonly key: string;
  /** The flag's name, without dashes in front. */
  readonly name: string;
  /** The flag as it is shown: `--metrics-port`, `--no-java`. */
  readonly long: string;
  readonly variable: string | undefined;
}

/** The flags of a program in the table's order, with their names. */
export function namedFlags(program: AnyProgram): NamedFlag[] {
  const table = program.flags as Readonly<Record<string, Flag<unknown>>>;
  return Object.entries(table).map(([key, flag]) => {
    const name = key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
    const long = flag.negated ? `--no-${name}` : `--${name}`;
    return { ...flag, key, name, long, variable: variableOf(flag, name, program.prefix ?? "KOS_") };
  });
}

function variableOf(flag: Flag<unknown>, name: string, prefix: string | false): string | undefined {
  if (flag.variable !== undefined) return flag.variable || undefined;
  return prefix === false ? undefined : prefix + name.toUpperCase().replaceAll("-", "_");
}

/** The value of a flag that is not given. */
export function defaultOf(flag: Pick<Flag<unknown>, "default">): unknown {
  return typeof flag.default === "function" ? flag.default() : flag.default;
}

/** How the default of a flag reads; `undefined` where there is nothing to say. */
export function defaultTextOf(flag: NamedFlag): string | undefined {
  if (flag.defaultText !== undefined) return flag.defaultText;
  const value = defaultOf(flag);
  if (flag.value === "<time>" && typeof value === "number") return formatDuration(value);
  const silent = value === undefined || value === "" || typeof value === "boolean" ||
    (Array.isArray(value) && value.length === 0);
  return silent ? undefined : String(value);
}

/** How a program is started, as `deno task kafka`. */
export function callOf({ name, task }: ProgramText): string {
  return task ? `deno task ${name}` : name;
}

/** A flag that is off unless given: `--json`, `--json=false`, or its variable with `true` or `false`. */
export function toggle(
  text: string,
  settings: Partial<Flag<boolean>> = {},
): FlagWithDefault<boolean> {
  return { text, parse: boolean(), default: false, ...settings };
}

/** A flag `--no-…` that leaves out what is there else. It has no variable. */
export function leaveOut(text: string): FlagWithDefault<boolean> {
  return { text, parse: boolean(), default: true, negated: true, variable: false };
}
