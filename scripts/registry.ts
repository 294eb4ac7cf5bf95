/**
 * `deno task registry`: a schema registry with Confluent's API on this machine, in the background. See `--help`.
 *
 * @module
 */
import { join } from "@std/path";
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { integer } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { cacheDir, remove, withLock } from "./support/cache.ts";
import { accepts } from "./support/ports.ts";
import { isAlive, runningPid, startBackground, stopBackground } from "./support/processes.ts";
import {
  databaseFile,
  prepareRegistry,
  REGISTRY_VERSION,
  registryAnswers,
  registryUrl,
  requireFreePort,
  untilRegistryAnswers,
} from "./support/registry_server.ts";

export { type Registry, type RegistryOptions, startRegistry } from "./support/registry_server.ts";

interface Flags {
  readonly stop: boolean;
  readonly wipe: boolean;
  readonly status: boolean;
  readonly port: number;
}

const DEFAULT_PORT = 8081;

/** The registry of one port: its files. */
interface Local {
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly pidFile: string;
  readonly logFile: string;
}

function localRegistry(port: number): Local {
  const dir = join(cacheDir(), "registry");
  return {
    port,
    url: registryUrl(port),
    dataDir: join(dir, `data-${port}`),
    pidFile: join(dir, `registry-${port}.pid`),
    logFile: join(dir, `registry-${port}.log`),
  };
}

async function start(local: Local): Promise<number> {
  if (Deno.env.get("SCHEMA_REGISTRY")) {
    // Its URL is not shown, as there may be a password in it.
    say("SCHEMA_REGISTRY is set: that registry is used, so none is started here");
    return 0;
  }
  const before = await runningPid(local.pidFile);
  if (before !== undefined) {
    await untilRegistryAnswers(local.port, () => undefined, local.logFile);
    say("The schema registry is running already");
    tellWhere(local, before);
    return 0;
  }
  if (await accepts(local.port) && await registryAnswers(local.port)) {
    say(`A registry that this command did not start answers on localhost:${local.port} already`);
    say(`  to use it   SCHEMA_REGISTRY=${local.url}`);
    return 0;
  }
  await requireFreePort(local.port);
  const command = await prepareRegistry(local.port, local.dataDir, progress);
  progress(`Starting Apicurio Registry ${REGISTRY_VERSION} on localhost:${local.port}`);
  await remove(local.logFile); // only this run's log: it would grow for ever
  const pid = await startBackground({ ...command, ...local, marker: databaseFile(local.dataDir) });
  const ended = (): string | undefined => isAlive(pid) ? undefined : `the end of process ${pid}`;
  await untilRegistryAnswers(local.port, ended, local.logFile);
  say(`Apicurio Registry ${REGISTRY_VERSION} runs on localhost:${local.port}`);
  tellWhere(local, pid);
  return 0;
}

function tellWhere(local: Local, pid: number): void {
  const port = local.port === DEFAULT_PORT ? "" : ` --port ${local.port}`;
  say(`  to use it   SCHEMA_REGISTRY=${local.url}`);
  say(`  process     ${pid}`);
  say(`  data        ${local.dataDir}`);
  say(`  log         ${local.logFile}`);
  say(`  to stop it  deno task registry --stop${port}    (with its schemas: --wipe${port})`);
}

async function stop(local: Local): Promise<number> {
  const stopped = await stopBackground(local.pidFile);
  const where = `on localhost:${local.port}`;
  say(
    stopped ? `The schema registry ${where} is stopped` : `No schema registry of this command runs ${where}`,
  );
  return 0;
}

async function wipe(local: Local): Promise<number> {
  await stop(local);
  await remove(local.dataDir);
  await remove(local.logFile);
  say("Its schemas are removed");
  return 0;
}

async function status(local: Local): Promise<number> {
  const pid = await runningPid(local.pidFile);
  const answers = await registryAnswers(local.port);
  const where = `on localhost:${local.port}`;
  if (pid !== undefined) {
    say(`The schema registry ${answers ? "runs" : "is running but does not answer (yet)"} ${where}`);
    tellWhere(local, pid);
  } else if (answers) {
    say(`A registry that this command did not start answers ${where}`);
    say(`  to use it   SCHEMA_REGISTRY=${local.url}`);
  } else {
    say(`No schema registry runs ${where}; deno task registry starts one`);
  }
  return answers ? 0 : 1;
}

/** The task and its flags. */
export const REGISTRY: Program<Flags> = {
  name: "registry",
  task: true,
  description: [
    `Starts Apicurio Registry ${REGISTRY_VERSION} in the background, by Java 17 or newer and Maven; its schemas outlive a restart.`,
    "With SCHEMA_REGISTRY set, that registry is used and none started. KOS_CACHE names the folder for downloads and data.",
  ],
  prefix: "KOS_REGISTRY_",
  flags: {
    stop: toggle("stop it; its schemas stay", { variable: false, excludes: ["wipe", "status"] }),
    wipe: toggle("stop it and remove its schemas", { variable: false, excludes: ["status"] }),
    status: toggle("say whether it runs; exit 1 when none answers", { variable: false }),
    port: {
      value: "<N>",
      text: "the port of localhost to listen on",
      parse: integer({ min: 1, max: 65_535 }),
      default: DEFAULT_PORT,
    },
  },
};

/** Runs the command line. @returns The exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram("registry", async () => {
    const flags = parseArguments(REGISTRY, args);
    const local = localRegistry(flags.port);
    if (flags.status) return await status(local);
    // One start or stop at a time, so that two at once don't start twice.
    return await withLock(
      `${local.pidFile}.lock`,
      () => flags.wipe ? wipe(local) : flags.stop ? stop(local) : start(local),
    );
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
