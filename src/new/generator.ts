/**
 * The generator of new applications: its flags, and what it does.
 *
 * @module
 */
import { copyFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { readCommandLine, UsageError } from "../cli/arguments.ts";
import { runProgram } from "../cli/main.ts";
import { choice, text } from "../cli/parsers.ts";
import type { Program } from "../cli/program.ts";
import { VERSION } from "../cli/version.ts";
import { say } from "../cli/write.ts";
import { emptyFolder, writeFiles } from "./folder.ts";
import { namesOf, projectName, topicName } from "./names.ts";
import { type Commands, type Runtime, RUNTIMES } from "./project.ts";
import { seenFrom, sourceOf } from "./source.ts";
import { COMMANDS, filesOf } from "./templates/files.ts";
import { NODE_VERSION } from "./templates/node_project.ts";

/** The values of the flags. */
export interface NewFlags {
  /** What the application is called. */
  readonly name?: string;
  /** The topic that it reads. */
  readonly input: string;
  /** The topic that it writes. */
  readonly output?: string;
  /** What runs it. */
  readonly runtime: Runtime;
  /** Where kos is imported from. */
  readonly from?: string;
}

/** The program and its flags. */
export const NEW: Program<NewFlags> = {
  name: "new",
  description:
    "Writes a new application of kos into a folder: a topology with its test, the program, an image, and " +
    "values for the chart. It sums orders, to be replaced by what yours does.",
  version: VERSION,
  prefix: false,
  words: "<folder>",
  flags: {
    name: {
      value: "<name>",
      text: "names the application, its image and its release",
      parse: projectName(),
      defaultText: "the folder's name",
    },
    input: {
      value: "<topic>",
      text: "the topic that it reads",
      parse: topicName(),
      default: "orders",
    },
    output: {
      value: "<topic>",
      text: "the topic that it writes",
      parse: topicName(),
      defaultText: "<input>-per-minute",
    },
    runtime: {
      value: "<runtime>",
      text: `what runs it: deno, or node of version ${NODE_VERSION} or newer`,
      parse: choice(...RUNTIMES),
      default: () => process.versions["deno"] === undefined ? "node" : "deno",
      defaultText: "what runs this program",
    },
    from: {
      value: "<place>",
      text:
        `where kos is imported from: such as jsr:@kos/kos@^${VERSION}, the folder of a checkout, or for ` +
        "node a packed .tgz",
      parse: text("a specifier, a folder or a file"),
      defaultText: "where this program is from",
    },
  },
  sections: [{
    title: "How it is started",
    rows: [
      ["deno run --allow-read=. --allow-write=. jsr:@kos/kos/new my-app", ""],
      ["npx -p @kos/kos kos-new my-app", "on Node.js"],
      ["deno task new my-app", "in a checkout"],
    ],
  }],
};

/** What is left to the caller, such as a terminal. */
export interface NewEnvironment {
  /** Asks for the folder; `undefined` where nobody can be asked. Default: on the terminal. */
  readonly ask?: () => Promise<string | undefined>;
  /** Gets each line of what is told. Default: standard output. */
  readonly tell?: (line: string) => void;
}

/**
 * Runs the command line.
 *
 * @returns The exit code: 0, 1 when something can't be written, 2 for what the user has to correct.
 */
export async function newProject(args: readonly string[], environment: NewEnvironment = {}): Promise<number> {
  const { ask = askForFolder, tell = say } = environment;
  return await runProgram("new", async () => {
    const { flags, words } = readCommandLine(NEW, args);
    const folder = await folderOf(words, ask);
    const names = namesOf(flags, folder);
    const { runtime } = flags;
    const source = await sourceOf(flags.from, runtime);
    const path = await emptyFolder(folder);
    const files = filesOf({ ...names, runtime, source: seenFrom(path, source) });
    await writeFiles(path, files);
    if (source.kind === "packed") await copyFile(source.path, join(path, basename(source.path)));
    for (const line of nextSteps(folder, files.length, COMMANDS[runtime])) tell(line);
  });
}

async function folderOf(
  words: readonly string[],
  ask: () => Promise<string | undefined>,
): Promise<string> {
  if (words.length > 1) {
    throw new UsageError(
      `Cannot make a project: received ${words.length} folders (${words.join(", ")}); name one`,
    );
  }
  const folder = words[0] ?? await ask();
  if (folder === undefined || folder.trim() === "") {
    throw new UsageError("Cannot make a project: received no folder; name one, such as my-app (new --help)");
  }
  return resolve(folder);
}

/** Asks on the terminal. */
async function askForFolder(): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question("Folder of the new application: ");
  } finally {
    terminal.close();
  }
}

/** What is told at the end: each line that is indented works as it is. */
function nextSteps(folder: string, files: number, commands: Commands): string[] {
  const path = relative(process.cwd(), folder);
  const { install, test, start, send, show } = commands;
  const width = Math.max(start.length, send.length, show.length);
  return [
    `wrote ${files} files to ${folder}; README.md there says how it is run on a local Kafka, and deployed`,
    "",
    ...(path === "" ? [] : [`  cd ${quoted(path)}`]),
    `  ${install === undefined ? "" : `${install} && `}${test}`,
    `  ${start.padEnd(width)}  # with a Kafka on localhost:9092, or where KAFKA_BROKERS says`,
    `  ${send.padEnd(width)}  # in another terminal: writes ten orders`,
    `  ${show.padEnd(width)}  # what came out`,
  ];
}

/** A path as a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
