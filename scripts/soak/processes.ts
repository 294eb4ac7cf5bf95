/**
 * The processes of a soak: the broker, streams and gen, and what the system says of them.
 *
 * @module
 */
import { join } from "@std/path";
import { sumOfSeries } from "../../src/metrics/metrics_text.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { tryRun } from "../support/commands.ts";
import { messageOf, ScriptError } from "../support/errors.ts";
import { freePort, waitFor } from "../support/ports.ts";
import { type Child, startChild } from "../support/processes.ts";
import type { ProcessSample } from "./analysis.ts";

/** Settings of the broker: what it keeps is bounded, since a soak writes gigabytes. */
const BROKER_SETTINGS: Readonly<Record<string, string>> = {
  "log.segment.bytes": String(32 << 20),
  "log.retention.bytes": String(256 << 20),
  "log.retention.check.interval.ms": "10000",
  "log.segment.delete.delay.ms": "1000",
  "log.cleaner.delete.retention.ms": "10000",
  "log.cleaner.min.cleanable.ratio": "0.2",
};

/** What a soak runs. */
export interface SoakSettings {
  readonly guarantee: "at_least_once" | "exactly_once";
  /** As the flags of streams have them, such as `30s`. */
  readonly retention: string;
  readonly grace: string;
  readonly machines: number;
  /** Told of the start, a line at a time. */
  readonly report: (line: string) => void;
}

/** A binary that serves metrics. */
export class Served {
  readonly child: Child;
  readonly #url: string;
  readonly #name: string;
  readonly #logFile: string;

  private constructor(child: Child, url: string, name: string, logFile: string) {
    this.child = child;
    this.#url = url;
    this.#name = name;
    this.#logFile = logFile;
  }

  /** Starts a binary and waits until it is ready. @throws {ScriptError} When it ends before. */
  static async start(
    name: string,
    main: string,
    permissions: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    folder: string,
  ): Promise<Served> {
    const port = freePort();
    const logFile = join(folder, `${name}.log`);
    const child = await startChild({
      command: Deno.execPath(),
      args: ["run", `-P=${permissions}`, new URL(`../../src/${main}`, import.meta.url).pathname, ...args],
      env: { ...env, KOS_METRICS_PORT: String(port), KOS_METRICS_HOST: "127.0.0.1", NO_COLOR: "1" },
      logFile,
    });
    const served = new Served(child, `http://127.0.0.1:${port}`, name, logFile);
    const ready = () => fetch(`${served.#url}/readyz`).then(async (a) => (await a.text(), a.ok), () => false);
    await waitFor(ready, { what: name, timeoutMs: 120_000, hopeless: child.ended, see: logFile });
    return served;
  }

  /** The metrics' text. @throws {ScriptError} When the process has ended, with what it said. */
  async metrics(): Promise<string> {
    try {
      return await (await fetch(`${this.#url}/metrics`)).text();
    } catch (error) {
      const said = (await this.log()).slice(-1_000);
      throw new ScriptError(
        `Cannot go on: received ${this.child.ended() ?? messageOf(error)} of ${this.#name}; it said: ${said}`,
        { cause: error },
      );
    }
  }

  /** What it has written so far. */
  async log(): Promise<string> {
    return await Deno.readTextFile(this.#logFile);
  }
}

/** All that runs. */
export class Stage {
  readonly broker: Broker;
  readonly streams: Served;
  readonly gen: Served;
  readonly #control: string;
  readonly #folder: string;

  private constructor(broker: Broker, streams: Served, gen: Served, control: string, folder: string) {
    this.broker = broker;
    this.streams = streams;
    this.gen = gen;
    this.#control = control;
    this.#folder = folder;
  }

  /** Starts the broker, streams and gen, which writes nothing yet. */
  static async start(settings: SoakSettings, cleanup: (() => Promise<unknown>)[]): Promise<Stage> {
    const { guarantee, retention, grace, machines, report } = settings;
    const folder = await Deno.makeTempDir({ prefix: "kos-soak-" });
    cleanup.push(() => Deno.remove(folder, { recursive: true }));
    const broker = await startBroker({ report, settings: BROKER_SETTINGS });
    cleanup.push(() => broker.wipe());
    const env = { KAFKA_BROKERS: broker.bootstrap };
    const of = ["--processing-guarantee", guarantee, "--retention", retention, "--grace", grace];
    const streams = await Served.start("streams", "streams/main.ts", "streams", of, env, folder);
    cleanup.push(() => streams.child.stop());
    const port = freePort();
    const load = ["--rate", "0", "--machines", String(machines), "--json", "--control-port", String(port)];
    const gen = await Served.start("gen", "datagen/main.ts", "gen", load, env, folder);
    cleanup.push(() => gen.child.stop());
    return new Stage(broker, streams, gen, `http://127.0.0.1:${port}/throughput`, folder);
  }

  /** Sets gen's rate, in records a second. */
  async setRate(rate: number): Promise<void> {
    const answer = await fetch(this.#control, { method: "PUT", body: JSON.stringify({ rate }) });
    const text = await answer.text();
    if (!answer.ok) {
      throw new ScriptError(`Cannot set gen's rate to ${rate}: received ${answer.status} ${text}`);
    }
  }

  /** Ends gen in order. Returns what it was acknowledged and what it gave up. */
  async endGen(): Promise<{ sent: number; lost: number }> {
    await this.gen.child.stop();
    const line = (await this.gen.log()).split("\n").findLast((each) => each.startsWith("{"));
    if (line === undefined) {
      throw new ScriptError(`Cannot read gen's summary: received ${(await this.gen.log()).slice(-500)}`);
    }
    return JSON.parse(line);
  }

  /** The ids of all processes, by name. */
  get pids(): Record<string, number> {
    return { streams: this.streams.child.pid, gen: this.gen.child.pid, broker: this.broker.pid };
  }

  /** What is in the log folder, for a failure's message. */
  get folder(): string {
    return this.#folder;
  }
}

/** The records left to process, by a streams process' metrics; `undefined` while it does not know. */
export function lagOf(text: string): number | undefined {
  const lags = ["rq", "rs"].map((topic) => sumOfSeries(text, `consumer_lag_game_frame_${topic}`));
  return lags.includes(undefined) ? undefined : lags[0]! + lags[1]!;
}

/**
 * Memory and handles of processes, as Linux counts them. Deno lets programs read /proc with all permissions only, so that a shell does it.
 *
 * @throws {ScriptError} When one of them has ended, or the system has no /proc.
 */
export async function lookAt(pids: Readonly<Record<string, number>>): Promise<Record<string, ProcessSample>> {
  const output = await tryRun("sh", ["-c", LOOK, "sh", ...Object.values(pids).map(String)]);
  const lines = (output?.text ?? "").trim().split("\n");
  return Object.fromEntries(
    Object.keys(pids).map((name, i) => {
      const [kib = NaN, handles = NaN] = (lines[i] ?? "").trim().split(/\s+/).map(Number);
      if (!(kib > 0) || !(handles > 0)) {
        throw new ScriptError(
          `Cannot look at ${name}, process ${pids[name]}: received "${
            lines[i] ?? ""
          }" of /proc; has it ended, or is this not Linux?`,
        );
      }
      return [name, { rss: kib * 1024, handles }];
    }),
  );
}

/** A line a process: resident KiB and open descriptors. */
const LOOK = `for pid in "$@"; do
  set -- /proc/"$pid"/fd/*
  rss=$(while read -r name value rest; do [ "$name" = VmRSS: ] && echo "$value"; done </proc/"$pid"/status)
  echo "$rss $#"
done`;
