/**
 * `deno task secrets`: the Kubernetes Secret with the cloud's credentials. See `--help`.
 *
 * @module
 */
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { describeError, runProgram } from "../src/cli/main.ts";
import { choice, InvalidValue, text, type ValueParser } from "../src/cli/parsers.ts";
import { type Flag, type Program, toggle } from "../src/cli/program.ts";
import { writeAll } from "../src/cli/write.ts";
import { MECHANISMS } from "../src/kafka/security/security_config.ts";
import {
  type AccessFlags,
  accessOf,
  extensions,
  neededVariables,
  PROTOCOLS,
  REGISTRY_WAYS,
  SHOWN,
  type Variable,
} from "./secrets/access.ts";
import { type Credentials, credentials, type Received } from "./secrets/credentials.ts";
import { readCredentials } from "./secrets/credentials_file.ts";
import { chartValues, DEFAULT_NAME, maskedManifest, secretManifest } from "./secrets/manifest.ts";
import { type FileFlags, isEncrypted, readFiles } from "./secrets/pem.ts";
import { Cancelled, Prompter } from "./secrets/prompt.ts";
import { writePrivateFile } from "./secrets/private_file.ts";

/** Where the Secret is written unless told otherwise; git ignores the folder. */
export const DEFAULT_OUT = "kubernetes/.secrets.yaml";

/** What the command has of the world around it. */
export interface World {
  env(name: Variable): string | undefined;
  /** Whether somebody is there to type. */
  readonly interactive: boolean;
  /** Asks, and shows what is typed unless it is `hidden`; `null` when there is no answer. */
  ask(question: string, hidden: boolean): string | null;
  /** The text of a file, `-` for standard input. */
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  stdout(text: string): void;
  stderr(text: string): void;
}

interface Flags extends AccessFlags, FileFlags {
  readonly fromFile?: string;
  readonly out: string;
  readonly stdout: boolean;
  readonly dryRun: boolean;
  readonly name: string;
  readonly namespace?: string;
}

/** The task and its flags. */
export const SECRETS: Program<Flags> = {
  name: "secrets",
  task: true,
  description:
    "Writes the Secret that the deployments take the cloud's credentials from. They come from the variables " +
    "API_KEY, SECRET_KEY and BOOTSTRAP_SERVERS, and where the flags ask for it KAFKA_KEY_PASSWORD, SCHEMA_REGISTRY_USER, " +
    "SCHEMA_REGISTRY_PASSWORD and SCHEMA_REGISTRY_TOKEN; at a terminal, missing ones are asked for, the keys without showing " +
    "what is typed.",
  prefix: "KOS_SECRETS_",
  concealed:
    "none takes a key, as arguments are seen by every user of the machine: use API_KEY, SECRET_KEY and " +
    "BOOTSTRAP_SERVERS, or --from-file",
  flags: {
    securityProtocol: {
      value: "<protocol>",
      text: "how brokers are reached: SASL_SSL, SASL_PLAINTEXT, SSL (no keys) or PLAINTEXT",
      parse: choice(...PROTOCOLS),
      default: "SASL_SSL",
    },
    saslMechanism: {
      value: "<mechanism>",
      text:
        "what the keys are for: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or OAUTHBEARER (client id and secret)",
      parse: choice(...MECHANISMS),
      default: "PLAIN",
    },
    oauthScope: { value: "<scope>", text: "of OAUTHBEARER, for Java clients", parse: text("a scope") },
    oauthExtensions: {
      value: "<name=value,…>",
      text: "what goes with its tokens, such as logicalCluster=lkc-1",
      parse: extensions,
    },
    kafkaCa: path("the authorities to trust at the brokers, as PEM"),
    kafkaCert: path("a client's certificate for the brokers, as PEM; with --kafka-key"),
    kafkaKey: path("its private key, as PEM; KAFKA_KEY_PASSWORD opens it"),
    registryAuth: {
      value: "<way>",
      text: "also what lets into the registry: basic (user and password) or bearer (a token)",
      parse: choice(...REGISTRY_WAYS),
    },
    schemaRegistryCa: path("the authorities to trust at the registry, as PEM"),
    schemaRegistryCert: path("a client's certificate for the registry, as PEM; with --schema-registry-key"),
    schemaRegistryKey: path("its private key, as PEM, without a password"),
    fromFile: {
      value: "<path>",
      text: "take them from a file instead: .json, .yaml, else lines NAME=value; - is stdin",
      parse: text("a path, or - for standard input"),
    },
    out: {
      value: "<path>",
      text: "the file to write, readable by its owner only",
      parse: text("a path"),
      default: DEFAULT_OUT,
    },
    stdout: toggle("write to standard output instead, secrets and all", { excludes: ["dryRun", "out"] }),
    dryRun: toggle("write nothing; show the Secret with its values masked"),
    name: {
      value: "<name>",
      text: "the Secret's name",
      parse: kubernetesName(253, true),
      default: DEFAULT_NAME,
    },
    namespace: {
      value: "<name>",
      text: "the Secret's namespace",
      parse: kubernetesName(63, false),
      defaultText: "the one that kubectl is told",
    },
  },
};

/** Runs the command line. @returns The exit code: 0, 1 when it can't write, 2 for wrong flags or values. */
export async function secrets(args: readonly string[], world: World): Promise<number> {
  return await runProgram("secrets", async () => {
    try {
      const flags = parseArguments(SECRETS, args);
      await make(flags, await collect(flags, world), world);
    } catch (error) {
      if (error instanceof Cancelled) return 130; // as shells have it: 128 + SIGINT
      throw error;
    }
  }, (text) => world.stderr(text));
}

async function make(flags: Flags, found: Credentials, world: World): Promise<void> {
  const { name, namespace, out } = flags;
  const names = { name, ...(namespace === undefined ? {} : { namespace }) };
  if (flags.dryRun) {
    world.stdout(maskedManifest(found, names));
    world.stderr(`secrets: nothing written; without --dry-run this goes to ${out}\n`);
  } else if (flags.stdout) {
    world.stdout(secretManifest(found, names));
  } else {
    await world.write(out, secretManifest(found, names));
    world.stderr(
      `secrets: wrote the Secret ${name} to ${out} (only its owner may read it): kubectl apply -f ${out}\n`,
    );
    const values = chartValues(found, name);
    if (values.length > 0) world.stderr(`secrets: the chart's values for it: --set ${values.join(",")}\n`);
  }
}

async function collect(flags: Flags, world: World): Promise<Credentials> {
  const access = accessOf(flags);
  const files = await readFiles(flags, (path) => world.read(path));
  const needed = neededVariables(access, isEncrypted(files["tls.key"] ?? ""));
  if (flags.fromFile !== undefined) {
    const received = readCredentials(flags.fromFile, await world.read(flags.fromFile), needed);
    return credentials(access, received, files);
  }
  return credentials(access, receive(needed, world), files);
}

/** The variables' values; at a terminal those that are missing are asked for. */
function receive(needed: readonly Variable[], world: World): Received {
  // A variable set to nothing counts as not set.
  const received = new Map(needed.map((variable) => [variable, world.env(variable) || undefined]));
  const missing = needed.filter((variable) => received.get(variable) === undefined);
  if (missing.length > 0 && !world.interactive) {
    throw new UsageError(
      `Cannot make the Secret: received no ${missing.join(" and no ")}; set ${
        missing.length > 1 ? "them" : "it"
      }, or use --from-file, or run this at a terminal to be asked`,
    );
  }
  for (const variable of missing) {
    const answer = world.ask(`${variable}:`, !SHOWN.has(variable));
    if (!answer) {
      throw new UsageError(`Cannot make the Secret: received no ${variable}; type it, or set the variable`);
    }
    received.set(variable, answer);
  }
  return Object.fromEntries(received);
}

function path(what: string): Flag<string> {
  return { value: "<path>", text: what, parse: text("a path") };
}

/** A name as Kubernetes allows it: RFC 1123's label, with dots between more of them when it is a subdomain. */
function kubernetesName(longest: number, dots: boolean): ValueParser<string> {
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const pattern = new RegExp(`^${label}${dots ? `(\\.${label})*` : ""}$`);
  return (text) => {
    if (pattern.test(text) && text.length <= longest) return text;
    throw new InvalidValue(
      `expected at most ${longest} lower-case letters, digits${
        dots ? ", dots" : ""
      } and dashes, beginning and ending with a letter or digit`,
    );
  };
}

/** A file's text. @throws {UsageError} When it can't be read or is not UTF-8. */
async function readText(path: string): Promise<string> {
  try {
    const bytes = path === "-" ? await new Response(Deno.stdin.readable).bytes() : await Deno.readFile(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const denied = error instanceof Deno.errors.NotCapable;
    const what = denied ? "no permission from Deno" : describeError(error);
    const remedy = denied
      ? "the task may read below the project only: copy it there, or add " +
        `--allow-read="${path}" after "deno run" in the command that the task prints`
      : "give a text file in UTF-8";
    throw new UsageError(`Cannot read ${path}: received ${what}; ${remedy}`, denied ? {} : { cause: error });
  }
}

if (import.meta.main) {
  const prompter = new Prompter({
    setRaw: (raw) => Deno.stdin.setRaw(raw),
    readSync: (into) => Deno.stdin.readSync(into),
    write: (text) => writeAll(Deno.stderr, text),
  });
  Deno.exit(
    await secrets(Deno.args, {
      env: (name) => Deno.env.get(name),
      // On standard error, as standard output may be where the Secret goes.
      interactive: Deno.stdin.isTerminal() && Deno.stderr.isTerminal(),
      ask: (question, hidden) => prompter.ask(question, hidden),
      read: readText,
      write: writePrivateFile,
      stdout: (text) => writeAll(Deno.stdout, text),
      stderr: (text) => writeAll(Deno.stderr, text),
    }),
  );
}
