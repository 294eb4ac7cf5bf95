/**
 * `deno task secrets`: the Kubernetes Secret with the cloud's credentials. See `--help`.
 *
 * @module
 */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { command, flag, NothingToDo, parseArguments, toggle, UsageError } from "../src/cli/command.ts";
import { describeError, exitCodeOf } from "../src/cli/main.ts";
import { text, type ValueParser } from "../src/cli/parsers.ts";
import { writeAll } from "../src/cli/write.ts";
import {
  type Credentials,
  credentials,
  type Received,
  type Variable,
  VARIABLES,
} from "./secrets/credentials.ts";
import { readCredentials } from "./secrets/credentials_file.ts";
import { DEFAULT_NAME, maskedManifest, secretManifest } from "./secrets/manifest.ts";
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

interface Flags {
  readonly fromFile?: string;
  readonly out: string;
  readonly stdout: boolean;
  readonly dryRun: boolean;
  readonly name: string;
  readonly namespace?: string;
}

function secretsCommand(): Command {
  return command(
    "secrets",
    `Writes the Secret that the deployments take the cloud's credentials from. They come from the variables\n` +
      "API_KEY, SECRET_KEY and BOOTSTRAP_SERVERS; at a terminal, missing ones are asked for, the keys without showing what is typed.",
  )
    .addOption(
      flag(
        "--from-file <path>",
        "take them from a file instead: .json, .yaml, else lines NAME=value; - is stdin",
        {
          parse: text("a path, or - for standard input"),
          env: "KOS_SECRETS_FROM_FILE",
        },
      ),
    )
    .addOption(flag("--out <path>", "the file to write, readable by its owner only", {
      parse: text("a path"),
      default: DEFAULT_OUT,
      env: "KOS_SECRETS_OUT",
    }))
    .addOption(toggle("--stdout", "write to standard output instead, secrets and all", "KOS_SECRETS_STDOUT"))
    .addOption(
      toggle("--dry-run", "write nothing; show the Secret with its values masked", "KOS_SECRETS_DRY_RUN"),
    )
    .addOption(flag("--name <name>", "the Secret's name", {
      parse: kubernetesName(253, true),
      default: DEFAULT_NAME,
      env: "KOS_SECRETS_NAME",
    }))
    .addOption(flag("--namespace <name>", "the Secret's namespace (default: the one that kubectl is told)", {
      parse: kubernetesName(63, false),
      env: "KOS_SECRETS_NAMESPACE",
    }));
}

/** Runs the command line. @returns The exit code: 0, 1 when it can't write, 2 for wrong flags or values. */
export async function secrets(args: readonly string[], world: World): Promise<number> {
  try {
    const { flags, outGiven } = parse(args);
    if (flags.stdout && flags.dryRun) {
      throw new UsageError("Cannot use --stdout and --dry-run: received both; choose one");
    }
    if (flags.stdout && outGiven) {
      throw new UsageError("Cannot use --stdout and --out: received both; choose one");
    }
    const { name, namespace } = flags;
    const names = { name, ...(namespace === undefined ? {} : { namespace }) };
    const found = await collect(flags, world);
    if (flags.dryRun) {
      world.stdout(maskedManifest(found, names));
      world.stderr(`secrets: nothing written; without --dry-run this goes to ${flags.out}\n`);
    } else if (flags.stdout) {
      world.stdout(secretManifest(found, names));
    } else {
      await world.write(flags.out, secretManifest(found, names));
      world.stderr(
        `secrets: wrote the Secret ${name} to ${flags.out} (only its owner may read it): kubectl apply -f ${flags.out}\n`,
      );
    }
    return 0;
  } catch (error) {
    if (error instanceof Cancelled) return 130; // as shells have it: 128 + SIGINT
    if (!(error instanceof NothingToDo)) world.stderr(`secrets: ${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

function parse(args: readonly string[]): { flags: Flags; outGiven: boolean } {
  const known = secretsCommand();
  const names = new Set(["--help", ...known.options.map((option) => option.long)]);
  for (const arg of args) {
    // Before the parser sees them: its message repeats the argument, and `--api-key=…` has a key in it.
    const name = arg.startsWith("-") && arg !== "-" ? arg.split("=")[0]! : undefined;
    if (name === undefined || name === "-h" || names.has(name)) continue;
    throw new UsageError(
      "Cannot use the arguments: received an unknown flag; secrets --help lists all, and none takes a key, as arguments " +
        "are seen by every user of the machine: use API_KEY, SECRET_KEY and BOOTSTRAP_SERVERS, or --from-file",
    );
  }
  try {
    const flags = parseArguments<Flags>(known, args);
    return { flags, outGiven: known.getOptionValueSource("out") !== "default" };
  } catch (error) {
    if (!(error instanceof UsageError) || known.args.length === 0) throw error;
    throw new UsageError(
      "Cannot use the arguments: received one without a flag; secrets --help lists all flags",
    );
  }
}

async function collect(flags: Flags, world: World): Promise<Credentials> {
  if (flags.fromFile !== undefined) {
    return credentials(readCredentials(flags.fromFile, await world.read(flags.fromFile)));
  }
  // A variable set to nothing counts as not set.
  const received = new Map(VARIABLES.map((variable) => [variable, world.env(variable) || undefined]));
  const missing = VARIABLES.filter((variable) => received.get(variable) === undefined);
  if (missing.length > 0 && !world.interactive) {
    throw new UsageError(
      `Cannot make the Secret: received no ${missing.join(" and no ")}; set ${
        missing.length > 1 ? "them" : "it"
      }, or use --from-file, or run this at a terminal to be asked`,
    );
  }
  for (const variable of missing) {
    const answer = world.ask(`${variable}:`, variable !== "BOOTSTRAP_SERVERS");
    if (!answer) {
      throw new UsageError(`Cannot make the Secret: received no ${variable}; type it, or set the variable`);
    }
    received.set(variable, answer);
  }
  return credentials(Object.fromEntries(received) as Received);
}

/** A name as Kubernetes allows it: RFC 1123's label, with dots between more of them when it is a subdomain. */
function kubernetesName(longest: number, dots: boolean): ValueParser<string> {
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  const pattern = new RegExp(`^${label}${dots ? `(\\.${label})*` : ""}$`);
  return (text) => {
    if (pattern.test(text) && text.length <= longest) return text;
    throw new InvalidArgumentError(
      `Expected at most ${longest} lower-case letters, digits${
        dots ? ", dots" : ""
      } and dashes, beginning and ending with a letter or digit.`,
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
      ? "the task may read below the project only: use --from-file - < FILE"
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
