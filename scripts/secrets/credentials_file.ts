/**
 * Reads credentials out of a file's text. No error here repeats a part of the text, nor has one that does as its cause.
 *
 * @module
 */
import { parse } from "@std/yaml";
import { UsageError } from "../../src/cli/arguments.ts";
import { type Variable, VARIABLES } from "./access.ts";
import type { Received } from "./credentials.ts";

/** How a credentials file is written. */
export type FileFormat = "env" | "json" | "yaml";

/** The format by the file's ending (`.json`, `.yaml`, `.yml`, else lines as in `.env`), or of standard input by its first character. */
export function formatOf(path: string, text: string): FileFormat {
  if (path === "-") return text.trimStart().startsWith("{") ? "json" : "env";
  if (/\.json$/i.test(path)) return "json";
  return /\.ya?ml$/i.test(path) ? "yaml" : "env";
}

/**
 * The values of a file that are needed: a mapping in JSON or YAML, or lines `NAME=value`. A name is a variable's or the Secret's
 * (`API_KEY` or `api-key`); others are passed over.
 *
 * In lines, `export ` may stand first; a value may be in single quotes (as it is) or in double quotes (`\\`, `\"`, `\$`, `\n`,
 * `\r` and `\t` are escapes); nothing is expanded; comments have lines of their own.
 *
 * @throws {UsageError} When the text is not of its format or one of the values is missing, naming the file and line.
 */
export function readCredentials(path: string, text: string, needed: readonly Variable[]): Received {
  const where = path === "-" ? "standard input" : path;
  const format = formatOf(path, text);
  const entries = format === "env" ? envEntries(where, text) : mapping(where, text, format);
  const found = new Map<Variable, string>();
  for (const [name, value] of entries) {
    const variable = VARIABLES.find((known) => known === name.toUpperCase().replaceAll("-", "_"));
    if (variable === undefined || !needed.includes(variable)) continue;
    if (found.has(variable)) throw unreadable(where, `${variable} twice`, "leave one of them out");
    if (typeof value !== "string") {
      throw unreadable(where, `a value of ${variable} that is no text`, "put it in quotes");
    }
    found.set(variable, value);
  }
  const missing = needed.filter((variable) => !found.get(variable));
  if (missing.length > 0) {
    throw unreadable(
      where,
      `no value of ${missing.join(" and ")}`,
      `all of ${needed.join(", ")} are needed`,
    );
  }
  return Object.fromEntries(found);
}

function mapping(where: string, text: string, format: "json" | "yaml"): [string, unknown][] {
  let value: unknown;
  try {
    value = format === "json" ? JSON.parse(text) : parse(text);
  } catch {
    // Both parsers' messages quote the text, so they can't be passed on.
    throw unreadable(
      where,
      `text that is no ${format.toUpperCase()}`,
      "correct it, or end its name in .env for lines NAME=value",
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unreadable(where, "no mapping", "write one of names and values");
  }
  return Object.entries(value);
}

function envEntries(where: string, text: string): [string, string][] {
  const entries: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const at = `${where}, line ${index + 1}`;
    const match = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(trimmed);
    if (!match) throw unreadable(at, "no NAME=value", "comments begin with #");
    entries.push([match[1]!, unquoted(at, match[2]!)]);
  }
  return entries;
}

function unquoted(at: string, text: string): string {
  const quote = text[0];
  if (quote !== "'" && quote !== '"') {
    if (!/\s#/.test(text)) return text;
    // A comment to some readers, a part of the value to others: a key must not be cut off unseen.
    throw unreadable(
      at,
      "a value with white space and # in it",
      "put the value in quotes and comments on lines of their own",
    );
  }
  const whole = quote === "'" ? /^'([^']*)'$/ : /^"((?:[^"\\]|\\.)*)"$/;
  const match = whole.exec(text);
  if (!match) {
    throw unreadable(
      at,
      `a value that begins with ${quote} and does not end with it`,
      `in "…", \\" is a quote`,
    );
  }
  return quote === "'" ? match[1]! : match[1]!.replace(/\\(.)/g, (_, character: string) => {
    const value = ESCAPES[character];
    if (value === undefined) throw unreadable(at, "an unknown escape", `in "…", \\\\ is a backslash`);
    return value;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\",
  '"': '"',
  "$": "$",
  n: "\n",
  r: "\r",
  t: "\t",
};

function unreadable(where: string, what: string, remedy: string): UsageError {
  return new UsageError(`Cannot read credentials from ${where}: received ${what}; ${remedy}`);
}
