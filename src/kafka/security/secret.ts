/**
 * Secrets: given as they are, or as a file that is read anew whenever one is needed, so that a mounted
 * Kubernetes Secret that was rotated is used without a restart.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { unreadable } from "../../secrecy/unreadable.ts";
import { ConfigError } from "../port/errors.ts";

/** A secret, or a user's name, as it is, or the file that has it. */
export type Secret = string | SecretFile;

/** A file with nothing but a secret in it; a line's end behind it does not count. */
export interface SecretFile {
  /** The file's path. */
  readonly file: string;
}

/** Longer texts are no secret, but a file that was named by mistake. */
const MOST_LENGTH = 64 * 1024;

/**
 * The secret itself.
 *
 * @param variable The variable that has it; with `_FILE` behind it, the one that names its file.
 * @throws {ConfigError} When its file can't be read or is empty, or when it has control characters.
 */
export function readSecret(secret: Secret, variable: string): string {
  if (typeof secret === "string") return checked(secret, variable, "a value");
  const value = readText(secret.file, fileVariable(variable), "a file with the secret in it")
    .replace(/[\r\n]+$/, "");
  const source = JSON.stringify(secret.file);
  if (value !== "" && value.length <= MOST_LENGTH) {
    return checked(value, fileVariable(variable), `${source}, which has text`);
  }
  throw new ConfigError(
    `Cannot use ${fileVariable(variable)}: received ${source}, which is ${
      value === "" ? "empty" : "too long for a secret"
    }; write the secret, and nothing else, into it`,
  );
}

/** The variable, and the flag, that name the secret's file. */
function fileVariable(variable: string): string {
  return withFlag(`${variable}_FILE`);
}

/** A variable with the flag that stands for it too: `KAFKA_CA (--kafka-ca)`. */
export function withFlag(variable: string): string {
  // Flags need no `kafka` where nothing else of the name is meant.
  const name = variable.replace(/^KAFKA_(?=BROKERS|SECURITY|SASL|OAUTH)/, "");
  return `${variable} (--${name.toLowerCase().replaceAll("_", "-")})`;
}

/** What names a secret in advice: its variable, or its file with the variable of that. */
export function sourceOf(secret: Secret, variable: string): string {
  return typeof secret === "string" ? variable : `${variable}_FILE (${secret.file})`;
}

function checked(value: string, source: string, what: string): string {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (!/[\x00-\x1f\x7f]/.test(value)) return value;
  throw new ConfigError(
    `Cannot use ${source}: received ${what} with a line end or another control character, ` +
      "which no name and no secret has; was it copied with more than itself?",
  );
}

/**
 * A file's text.
 *
 * @param source What named it.
 * @param allowed What it should be.
 * @throws {ConfigError} When it can't be read.
 */
export function readText(file: string, source: string, allowed: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { received, reason, options } = unreadable(file, error);
    throw new ConfigError(
      `Cannot use ${source}: received ${received}; allowed is ${allowed} that can be read (${reason})`,
      options,
    );
  }
}
