import { shownAddress } from "../../secrecy/shown_address.ts";
import { abbreviate } from "../text.ts";
import { readAccess, type RegistryAccessOptions } from "./registry_access.ts";
import { RegistryConfigError } from "./registry_error.ts";
import { SchemaRegistry } from "./registry.ts";

/** Where a registry is, and what lets a client in: a {@linkcode SchemaRegistry}'s address and options. */
export interface RegistryConfig extends RegistryAccessOptions {
  /** The API's base; user and password may be in it, so it is never to be logged. */
  readonly url: string;
}

/**
 * How to reach the schema registry, from the environment; `undefined` without `SCHEMA_REGISTRY`.
 *
 * `SCHEMA_REGISTRY` is its URL. `SCHEMA_REGISTRY_USER` with `SCHEMA_REGISTRY_PASSWORD` is basic
 * authentication, `SCHEMA_REGISTRY_TOKEN` a bearer's; a file holds either where `_FILE` is behind the
 * variable's name. `SCHEMA_REGISTRY_CA` is a PEM file with the authorities to trust,
 * `SCHEMA_REGISTRY_CERT` and `SCHEMA_REGISTRY_KEY` are those of a client's certificate.
 *
 * @param env Reads a variable; empty counts as not set.
 * @throws {RegistryConfigError} When a variable has a value that is not allowed, or names a file that is not
 * what it has to be.
 *
 * @example
 * ```ts
 * import { registryConfig } from "./registry_config.ts";
 *
 * const variables: Record<string, string> = { SCHEMA_REGISTRY: "https://registry.example/" };
 * console.log(registryConfig((name) => variables[name])?.url); // https://registry.example
 * ```
 */
export function registryConfig(env: (name: string) => string | undefined): RegistryConfig | undefined {
  const address = env("SCHEMA_REGISTRY");
  if (!address) return undefined;
  const url = readUrl(address);
  const of = (name: string): string | undefined => env(`SCHEMA_REGISTRY_${name}`) || undefined;
  const access: RegistryAccessOptions = {
    username: of("USER"),
    password: of("PASSWORD"),
    passwordFile: of("PASSWORD_FILE"),
    token: of("TOKEN"),
    tokenFile: of("TOKEN_FILE"),
    caFile: of("CA"),
    certFile: of("CERT"),
    keyFile: of("KEY"),
  };
  requireBoth(access);
  for (const name of ["CA", "CERT", "KEY"]) {
    if (of(name) !== undefined && !/^https:/i.test(url)) {
      throw new RegistryConfigError(
        `Cannot use SCHEMA_REGISTRY_${name}: received it with an address without TLS; begin ` +
          `SCHEMA_REGISTRY with https://, or leave SCHEMA_REGISTRY_${name} out`,
      );
    }
  }
  // A file that is wrong ends the program when it starts, not at its first record.
  const { username, password } = new URL(url);
  readAccess({
    ...access,
    username: access.username ?? username,
    password: access.password ?? (access.passwordFile ? undefined : password),
  });
  return { url, ...access };
}

/**
 * A client of the registry that the environment names ({@linkcode registryConfig}); `undefined` without one.
 *
 * @param env Reads a variable; empty counts as not set.
 * @throws {RegistryConfigError} When a variable has a value that is not allowed.
 */
export function registryFrom(env: (name: string) => string | undefined): SchemaRegistry | undefined {
  const config = registryConfig(env);
  return config && new SchemaRegistry(config.url, config);
}

function readUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  const shown = JSON.stringify(abbreviate(shownAddress(text)));
  throw new RegistryConfigError(
    `Cannot use SCHEMA_REGISTRY: received ${shown}; allowed is an address that begins with http:// or ` +
      "https://, such as http://localhost:8081",
  );
}

function requireBoth({ username, password, passwordFile }: RegistryAccessOptions): void {
  const hasPassword = Boolean(password || passwordFile);
  if (Boolean(username) === hasPassword) return;
  const [there, missing] = username
    ? ["SCHEMA_REGISTRY_USER", "SCHEMA_REGISTRY_PASSWORD or SCHEMA_REGISTRY_PASSWORD_FILE"]
    : [`SCHEMA_REGISTRY_PASSWORD${password ? "" : "_FILE"}`, "SCHEMA_REGISTRY_USER"];
  throw new RegistryConfigError(
    `Cannot use ${there}: received it without ${missing}; set both, or neither for no basic authentication`,
  );
}
