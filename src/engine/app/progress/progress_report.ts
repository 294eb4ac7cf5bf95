/**
 * Looks at an application's progress now and then, and logs what stands still.
 *
 * @module
 */
import {
  DEFAULT_COMMIT_INTERVAL_MS,
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  type StreamsConfig,
} from "../../task/config.ts";
import type { EngineLogger } from "../../record/handlers.ts";
import { DEFAULT_STALL_TIMEOUT_MS, type ProgressSample, ProgressWatch } from "./progress_watch.ts";

/** How often it looks at most, in ms. */
const LOOK_MS = 1000;

/** Logs each stall when it begins and after each further stall timeout, and when it is over. */
export class ProgressReport {
  readonly #watch: ProgressWatch;
  readonly #logger: EngineLogger;
  readonly #now: () => number;
  readonly #sample: () => ProgressSample;
  readonly #everyMs: number;
  /** While it looks. */
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #repeatMs: number;
  #stalls: readonly string[] = [];
  #cutOff: string | undefined;
  /** Where anybody waits for the next time that no broker can be reached. */
  #waiting: PromiseWithResolvers<void> | undefined;
  #loggedAt = -Infinity;

  /**
   * @param now The time in ms since the epoch, for messages.
   * @param sample Gives what the application has come to by now.
   */
  constructor(
    config: StreamsConfig,
    logger: EngineLogger,
    now: () => number,
    sample: () => ProgressSample,
  ) {
    const { stallTimeoutMs = DEFAULT_STALL_TIMEOUT_MS } = config;
    this.#everyMs = stallTimeoutMs === 0 ? LOOK_MS : Math.max(1, Math.min(LOOK_MS, stallTimeoutMs / 8));
    this.#watch = new ProgressWatch(this.#everyMs, {
      stallTimeoutMs,
      commitIntervalMs: config.commitIntervalMs ?? DEFAULT_COMMIT_INTERVAL_MS,
      heartbeatIntervalMs: config.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_INTERVAL_MS,
    });
    this.#logger = logger;
    this.#now = now;
    this.#sample = sample;
    this.#repeatMs = stallTimeoutMs;
  }

  /** Looks for the first time, and goes on looking until it is closed. */
  start(): void {
    this.#timer = setInterval(() => this.look(performance.now()), this.#everyMs);
    this.#observe(performance.now());
  }

  /**
   * What stood still for too long at the last look, in a sentence each ({@linkcode ProgressWatch.stalls}).
   */
  get stalls(): readonly string[] {
    return this.#stalls;
  }

  /** Why no broker could be reached at the last look ({@linkcode ProgressWatch.cutOff}). */
  get cutOff(): string | undefined {
    return this.#cutOff;
  }

  /** Resolves when a look finds that no broker can be reached: at once where the last one has. */
  untilCutOff(): Promise<void> {
    if (this.#cutOff !== undefined) return Promise.resolve();
    return (this.#waiting ??= Promise.withResolvers<void>()).promise;
  }

  /**
   * Looks once.
   * @param at Of a clock that never goes back, in ms.
   */
  look(at: number): void {
    const before = { stalled: this.#stalls.length > 0, cutOff: this.#cutOff };
    const silentMs = this.#watch.silentMs;
    this.#observe(at);
    if (this.#cutOff === undefined && before.cutOff !== undefined && silentMs > 0) {
      this.#logger.info(`Brokers answer again after ${Math.round(silentMs / 1000)} s`);
    }
    if (this.#stalls.length > 0) {
      if (at - this.#loggedAt >= this.#repeatMs) {
        this.#loggedAt = at;
        for (const stall of this.#stalls) this.#logger.warn(`Stalled: ${stall}`);
      }
    } else if (before.stalled) {
      this.#loggedAt = -Infinity;
      this.#logger.info("Not stalled any more");
    } else if (this.#cutOff !== undefined && before.cutOff === undefined) {
      this.#logger.warn(`Not ready: ${this.#cutOff}`);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #observe(at: number): void {
    this.#watch.observe(at, this.#now(), this.#sample());
    this.#stalls = this.#watch.stalls();
    this.#cutOff = this.#watch.cutOff;
    if (this.#cutOff === undefined) return;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
