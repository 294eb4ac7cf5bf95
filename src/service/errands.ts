/**
 * What a service does instead of running: it describes its topology, asks a running instance how it is, or
 * sets its application back.
 *
 * @module
 */
import { UsageError } from "../cli/arguments.ts";
import { EXIT } from "../cli/main.ts";
import type { Topology } from "../engine/mod.ts";
import type { ConnectionConfig } from "../kafka/config.ts";
import { probe } from "../metrics/probe.ts";
import type { AllFlags } from "./flags.ts";
import { resetApplication } from "./reset/reset.ts";
import { outerTopics } from "./topics.ts";

/** What an errand needs. */
export interface Errand {
  /** The values of all flags. */
  readonly flags: AllFlags;
  /** Builds the topology, without a registry. */
  readonly build: () => Topology | Promise<Topology>;
  /** Where Kafka is; asked for only where it is needed. */
  readonly connection: () => ConnectionConfig;
  /** Gets each line of what is found. */
  readonly say: (line: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Does what the flags ask for instead of running.
 *
 * @returns The exit code; `undefined` when they ask for nothing of that kind.
 * @throws {UsageError} When a flag belongs to an errand that was not asked for.
 * @throws {ResetRefused} While the application has members.
 */
export async function errand(options: Errand): Promise<number | undefined> {
  const { flags, build, say } = options;
  refuseAlone(flags);
  if (flags.probe !== undefined) return await probeAnother(flags.probe, options);
  if (flags.describe) say((await build()).describe());
  else if (flags.reset) await resetOwn(options);
  else return undefined;
  return EXIT.ok;
}

/** Who leaves the first of two flags out would start the program instead. */
function refuseAlone({ reset, execute, resetTo, probe, probeTopics }: AllFlags): void {
  const needs = (flag: string, other: string): UsageError =>
    new UsageError(`Cannot use ${flag}: received no ${other}, which it belongs to; give both or none`);
  if (execute && !reset) throw needs("--execute", "--reset");
  if (resetTo !== undefined && !reset) throw needs("--reset-to", "--reset");
  if (probeTopics !== undefined && probe === undefined) throw needs("--probe-topics", "--probe");
}

async function probeAnother(url: string, { flags, build, say, signal }: Errand): Promise<number> {
  const topics = flags.probeTopics ?? sourcesOf(await build());
  const series = [
    ...topics.map((topic) => ({ name: "kos_consumer_lag_records", labels: { topic } })),
    { name: "kos_streams_records_processed_total" },
    { name: "kos_load" },
  ];
  const complete = await probe({ url, series, withinMs: flags.within, signal }, say);
  return complete ? EXIT.ok : EXIT.failure;
}

async function resetOwn({ flags, build, connection, say, signal }: Errand): Promise<void> {
  await resetApplication(
    {
      applicationId: flags.applicationId,
      inputTopics: sourcesOf(await build()),
      to: flags.resetTo ?? { kind: "earliest" },
      ...(flags.store === "sqlite" ? { stateDir: flags.stateDir } : {}),
      execute: flags.execute,
      waitMs: flags.within,
      // Its own id needs no proof, and one that never ran is as it was at first.
      mayBeAbsent: true,
      signal,
    },
    connection(),
    say,
  );
}

function sourcesOf(topology: Topology): string[] {
  return outerTopics(topology).sources.flat();
}
