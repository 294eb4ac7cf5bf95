/**
 * Parsers of flag values. Each throws an error that says what is allowed; who calls it puts before that which
 * flag or variable it was and what was received.
 *
 * @module
 */
/** A value that a flag does not take; its message says what is allowed, as `expected true or false`. */
export class InvalidValue extends Error {
  /** How logs name the error. */
  override name = "InvalidValue";
}

/** Turns what was typed into a value, or throws an {@linkcode InvalidValue} with what is allowed. */
export interface ValueParser<T> {
  /** The value. */
  (text: string): T;
  /** What it takes, as a JSON Schema, for files that set a flag; left out, nobody has told. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** The parser, with what it takes. */
function taking<T>(schema: Readonly<Record<string, unknown>>, parse: (text: string) => T): ValueParser<T> {
  return Object.assign(parse, { schema });
}

/** A whole number from `min` to `max`, both included. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: {
  readonly min?: number;
  readonly max?: number;
} = {}): ValueParser<number> {
  const allowed = max === Number.MAX_SAFE_INTEGER
    ? `expected a whole number of at least ${min}`
    : `expected a whole number from ${min} to ${max}`;
  const schema = {
    type: "integer",
    minimum: min,
    ...(max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max }),
  };
  return taking(schema, (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidValue(allowed);
    }
    return value;
  });
}

/**
 * Whole numbers with commas between, each from `min` to `max`, both included, and a multiple of `multipleOf`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { integers } from "./parsers.ts";
 *
 * assertEquals(integers({ min: 1 })("4,16,64"), [4, 16, 64]);
 * ```
 */
export function integers({ min = 0, max = Number.MAX_SAFE_INTEGER, multipleOf = 1 }: {
  readonly min?: number;
  readonly max?: number;
  readonly multipleOf?: number;
} = {}): ValueParser<number[]> {
  const parse = integer({ min, max });
  return (text) =>
    text.split(",").map((each) => {
      const value = parse(each.trim());
      if (value % multipleOf !== 0) {
        throw new InvalidValue(`expected multiples of ${multipleOf}, which ${value} is not`);
      }
      return value;
    });
}

const DURATION = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/;
/** As a JSON Schema, in a way that languages without a look ahead understand. */
const NO_TIME = { pattern: "^(0+(\\.0+)?(ms|s|m|h))+$" };
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * A time such as `500ms`, `30s`, `1.5m`, `2h` or `1m30s`, in ms.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { duration } from "./parsers.ts";
 *
 * assertEquals(duration()("1m30s"), 90_000);
 * ```
 */
export function duration({ min = 0 }: { readonly min?: number } = {}): ValueParser<number> {
  const schema = { type: "string", pattern: DURATION.source, ...(min > 0 ? { not: NO_TIME } : {}) };
  return taking(schema, (text) => {
    const ms = parseDuration(text);
    if (ms === undefined) {
      throw new InvalidValue("expected a time with its unit, such as 500ms, 30s, 2m or 1m30s");
    }
    if (ms < min) throw new InvalidValue(`expected a time of at least ${formatDuration(min)}`);
    return ms;
  });
}

/** A time with its units in ms; `undefined` when the text is none. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    ms += Number(count) * UNITS[unit!]!;
  }
  return Number.isFinite(ms) ? ms : undefined;
}

/** A time in the largest unit in which it is a whole number: `90s`, `2m`, `500ms`. */
export function formatDuration(ms: number): string {
  for (const unit of ["h", "m", "s"]) {
    if (ms !== 0 && ms % UNITS[unit]! === 0) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${ms}ms`;
}

/** A rate a second: a number from 0 on, or `max` (as `Infinity`). */
export function rate(): ValueParser<number> {
  return (text) => {
    const value = parseRate(text);
    if (value === undefined) {
      throw new InvalidValue('expected a number from 0 on, or "max" for as fast as it goes');
    }
    return value;
  };
}

/** A rate a second, `Infinity` for `max`; `undefined` when the text is none. */
export function parseRate(text: string): number | undefined {
  if (text === "max") return Infinity;
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A number of cores, more than 0: `0.5`, or `500m` as Kubernetes has it. */
export function cores(): ValueParser<number> {
  return (text) => {
    const [, number = "", milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text) ?? [];
    const value = Number(number) / (milli === "m" ? 1000 : 1);
    if (!(value > 0 && value < Infinity)) {
      throw new InvalidValue("expected a number of cores, such as 0.5, 2 or 500m");
    }
    return value;
  };
}

/** A TCP port; 0 takes any free one. */
export function port(): ValueParser<number> {
  const parse = integer({ min: 0, max: 65_535 });
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw new InvalidValue("expected a port from 1 to 65535, or 0 for any free one");
    }
  };
}

/** A TCP port, 0 for any free one, or `off`. */
export function portOrOff(): ValueParser<number | "off"> {
  const parse = port();
  return (text) => {
    if (text === "off") return "off";
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      throw new InvalidValue('expected a port from 1 to 65535, 0 for any free one, or "off"');
    }
  };
}

/** An http or https URL, without the slashes at its end. */
export function url(): ValueParser<string> {
  return (text) => {
    const parsed = URL.parse(text);
    if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
      throw new InvalidValue("expected a URL such as http://localhost:8081");
    }
    return text.replace(/\/+$/, "");
  };
}

/** That an address has a user before its host, mostly with a password; `undefined` where it has not. */
export function userIn(text: string): string | undefined {
  return /^[^/?#]*\/\/[^/?#]*@/.test(text) ? "an address with a user in it" : undefined;
}

/** One of the given words. */
export function choice<const T extends string>(...words: readonly T[]): ValueParser<T> {
  return taking({ type: "string", enum: words }, (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new InvalidValue(`expected ${either(words)}`);
    return word;
  });
}

/** `true` or `false`, also as `1`, `0`, `yes`, `no`. */
export function boolean(): ValueParser<boolean> {
  return taking({ type: "boolean" }, (text) => {
    if (/^(true|1|yes)$/i.test(text)) return true;
    if (/^(false|0|no)$/i.test(text)) return false;
    throw new InvalidValue("expected true or false");
  });
}

/** Any text but an empty one; `what` says what it is, such as `a host name`. */
export function text(what: string): ValueParser<string> {
  return taking({ type: "string", minLength: 1 }, (text) => {
    if (text.trim() === "") throw new InvalidValue(`expected ${what}`);
    return text;
  });
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
