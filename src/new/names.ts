/**
 * The names that a project is made with, checked where they are given.
 *
 * @module
 */
import { basename } from "node:path";
import { UsageError } from "../cli/arguments.ts";
import { InvalidValue, type ValueParser } from "../cli/parsers.ts";

/** What helm takes as a release's name, which is the shortest of the names that are made of the project's. */
const LONGEST_NAME = 53;

/** What Kafka takes as a topic's name. */
const LONGEST_TOPIC = 249;

/**
 * The name of a project: of its application id, its image, its package and its objects in Kubernetes, so what
 * all of these allow.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { projectName } from "./names.ts";
 *
 * assertThrows(() => projectName()("My App"), Error, "such as my-app");
 * ```
 */
export function projectName(): ValueParser<string> {
  return (text) => {
    if (/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text) && text.length <= LONGEST_NAME) return text;
    throw new InvalidValue(
      `expected at most ${LONGEST_NAME} small letters, digits and dashes, a letter first and no dash last, ` +
        `such as ${suggestion(text)}`,
    );
  };
}

/** A topic's name, as Kafka allows it. */
export function topicName(): ValueParser<string> {
  return (text) => {
    if (/^[a-zA-Z0-9._-]+$/.test(text) && text.length <= LONGEST_TOPIC && !/^\.\.?$/.test(text)) return text;
    throw new InvalidValue(
      `expected a topic's name: at most ${LONGEST_TOPIC} letters, digits, dots, dashes and underscores, ` +
        "and not . or ..",
    );
  };
}

/** The allowed name that is nearest to a text. */
function suggestion(text: string): string {
  const near = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+/, "").slice(0, LONGEST_NAME)
    .replace(/-+$/, "");
  return near === "" ? "my-app" : near;
}

/** The names of a project. */
export interface Names {
  readonly name: string;
  readonly input: string;
  readonly output: string;
}

/**
 * The names that the flags give, and for those that are left out, the folder.
 *
 * @param folder The project's, as an absolute path.
 * @throws {UsageError} When one does not fit, or both topics are one.
 */
export function namesOf(
  { name, input, output }: Partial<Names> & Pick<Names, "input">,
  folder: string,
): Names {
  const names = {
    name: name ?? derived("the folder's name", "--name", basename(folder), projectName()),
    input,
    output: output ?? derived("the output's name", "--output", `${input}-per-minute`, topicName()),
  };
  const taken = [input, `${names.name}-dead-letters`];
  if (!taken.includes(names.output)) return names;
  throw new UsageError(
    `Cannot use --output: received ${names.output}, which is ` +
      `${names.output === input ? "the topic that is read" : "that of the dead letters"}; give another one`,
  );
}

function derived(what: string, flag: string, value: string, parse: ValueParser<string>): string {
  try {
    return parse(value);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new UsageError(
      `Cannot use ${what}: received ${JSON.stringify(value)}; ${error.message}; or give ${flag}`,
    );
  }
}
