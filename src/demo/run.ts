/**
 * The demo itself: generates load on a log that somebody else's streams process, shows what happens each
 * second, and checks every session that comes out.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { bindSerde, type SchemaRegistry, type Serde } from "../serde/mod.ts";
import type { Logger } from "../cli/log.ts";
import { startGenerator } from "../datagen/generator.ts";
import { parseProfile } from "../datagen/profile.ts";
import type { GameSession } from "../game/hit.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../game/topics.ts";
import type { Log } from "../kafka/port/log.ts";
import { arcadeSerdes } from "../streams/sessions_topology.ts";
import { Board } from "./board.ts";
import { type CheckResult, SessionCheck } from "./session_check.ts";
import { SessionsReader } from "./sessions_reader.ts";
import type { StreamsNumbers } from "./streams_view.ts";

/** The topics whose lag is shown. */
export const LAG_TOPICS: readonly string[] = [REQUESTS_TOPIC, RESPONSES_TOPIC];

/** Settings of {@linkcode runDemo}. */
export interface DemoOptions {
  readonly log: Log;
  readonly registry: SchemaRegistry | undefined;
  readonly logger: Logger;
  /** How long load is generated, in ms. */
  readonly durationMs: number;
  /** The load; see `deno task gen --help`. */
  readonly profile: string;
  readonly machines: number;
  readonly streams: DemoStreams;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
  /** How wide the lines may be, in columns. */
  readonly width: number;
  /** Shows a line. */
  readonly show: (line: string) => void;
}

/** The streams process of a demo. */
export interface DemoStreams {
  /** Starts it; resolves when it is ready. Not called while it runs. */
  start(): Promise<void>;
  /** Ends it as SIGTERM does. Not called while it does not run. */
  stop(): Promise<void>;
  /** What it has processed, over all its runs, and its lag; also while it does not run. */
  numbers(): Promise<StreamsNumbers>;
  /** Rejects when it has ended by itself. */
  readonly failed: Promise<never>;
}

/** What a demo did. */
export interface DemoSummary extends CheckResult {
  readonly seconds: number;
  /** Records that the brokers acknowledged. */
  readonly sent: number;
  /** Records that were given up. */
  readonly lost: number;
  /** The highest lag shown, in records. */
  readonly highestLag: number;
  /**
   * How long it took from the end of the load until the lag was gone, in ms; `undefined` when it did not go
   * within a minute.
   */
  readonly drainMs: number | undefined;
}

/**
 * After which share of the load streams is stopped, and after which it is started again: in between the lag
 * grows.
 */
const STOP_AT = 1 / 3;
const START_AT = 1 / 2;
/** How long the lag may take to go after the load has ended, in ms. */
const DRAIN_MS = 60_000;

/**
 * Runs the demo on topics that exist, with streams running. In the middle it stops streams and starts it
 * again: lag grows, and vanishes when the new process has restored its state.
 *
 * @returns The summary; `undefined` when the signal ended it early.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary | undefined> {
  const { log, signal, show, streams, durationMs } = options;
  const serdes = arcadeSerdes(options.registry);
  const check = new SessionCheck(
    await bindSerde(serdes.header, SESSIONS_TOPIC, "key"),
    await bindSerde<GameSession>(serdes.session as Serde<GameSession>, SESSIONS_TOPIC, "value"),
  );
  const reader = await SessionsReader.open(log, check);
  const generator = await startGenerator({
    log,
    serdes,
    profile: parseProfile(options.profile),
    machines: options.machines,
    durationMs,
    signal,
    onFrame: (frame) => check.generated(frame),
    logger: options.logger,
  });
  const board = new Board(options.width);
  let highestLag = 0;
  show(board.header(LAG_TOPICS));
  const second = async (): Promise<number> => {
    const { processed, lag } = await streams.numbers();
    const stats = generator.stats();
    const { sessions } = check.counts;
    const lastSession = check.lastSession();
    show(
      board.line({
        elapsedMs: performance.now() - begun,
        sent: stats.sent,
        processed,
        sessions,
        lag,
        lastSession,
      }),
    );
    const total = [...lag.values()].reduce((sum, each) => sum + each, 0);
    highestLag = Math.max(highestLag, total);
    return total;
  };
  const begun = performance.now();
  try {
    let ended = false;
    const done = generator.done.finally(() => ended = true);
    const pause = pauseStreams(options, begun);
    pause.catch(() => {}); // whoever awaits it below sees it
    for (let next = begun + 1000; !ended; next += 1000) {
      await Promise.race([delay(Math.max(0, next - performance.now())), done, streams.failed, reader.failed]);
      if (!ended) await second();
    }
    const load = await done;
    await pause;
    if (signal.aborted) return undefined;
    const loadEnded = performance.now();
    let drainMs: number | undefined;
    while (performance.now() - loadEnded < DRAIN_MS && !signal.aborted) {
      const lag = await second();
      // Once more after the lag is gone: the last outputs are on their way then.
      if (lag === 0 && await reader.caughtUp()) {
        drainMs ??= performance.now() - loadEnded;
        const { missing, wrong } = check.result();
        if (missing + wrong === 0 || performance.now() - loadEnded > drainMs + 5_000) break;
      }
      await Promise.race([delay(1000), streams.failed, reader.failed]);
    }
    if (signal.aborted) return undefined;
    const seconds = (performance.now() - begun) / 1000;
    return { ...check.result(), seconds, sent: load.sent, lost: load.lost, highestLag, drainMs };
  } finally {
    generator.stop();
    await generator.done.catch(() => {}); // reported by whoever awaited it above
    await reader.close();
  }
}

async function pauseStreams(
  { streams, show, signal, durationMs }: DemoOptions,
  begun: number,
): Promise<void> {
  // Aborted, the wait is over early.
  const waitUntil = (share: number): Promise<void> =>
    delay(Math.max(0, begun + durationMs * share - performance.now()), { signal }).catch(() => {});
  await waitUntil(STOP_AT);
  if (signal.aborted) return;
  show("── streams is stopped: nobody processes, the lag grows");
  await streams.stop();
  await waitUntil(START_AT);
  if (signal.aborted) return;
  show("── streams is started again: it restores its state, then catches up");
  await streams.start();
}
