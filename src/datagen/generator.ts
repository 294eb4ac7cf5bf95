/**
 * The generator: draws frames and writes them at a rate that can be changed while it runs.
 *
 * A rate counts records: a frame's request is one and its response another. At 1,000 a second there are thus
 * about 502 frames a second, of which 497 are answered.
 *
 * @module
 */
import type { Logger } from "../cli/log.ts";
import { silentLogger } from "../cli/log.ts";
import { type Frame, FrameGenerator } from "../game/frame_generator.ts";
import { randomSeed } from "../game/random.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../game/topics.ts";
import { ensureTopics } from "../kafka/common/ensure_topics.ts";
import { ProduceError } from "../kafka/port/errors.ts";
import type { Log } from "../kafka/port/log.ts";
import type { Producer, ProducerOptions } from "../kafka/port/producer.ts";
import { type Clock, systemClock } from "./clock.ts";
import { showRate, type Throughput } from "./control.ts";
import type { FrameSerdes } from "./frame_encoder.ts";
import { FrameWriter } from "./frame_writer.ts";
import { MachineTurns } from "./machine_turns.ts";
import type { PlayedProfile } from "./profile.ts";
import { checkRate, Throttle } from "./throttle.ts";

/** The rate where neither a rate nor a profile is given, in records a second. */
export const DEFAULT_RATE = 1000;

/** Settings of {@linkcode startGenerator}. */
export interface GeneratorOptions {
  readonly log: Log;
  readonly serdes: FrameSerdes;
  /**
   * Records a second; `Infinity` for as fast as it goes, 0 to begin with a pause. Default
   * {@linkcode DEFAULT_RATE}.
   */
  readonly rate?: number;
  /** The rate as a function of time; goes before `rate`. */
  readonly profile?: PlayedProfile;
  /** Ends after this time, in ms. Default: never. */
  readonly durationMs?: number;
  /** Ends after this many frames. Default: never. */
  readonly count?: number;
  /** Equal seeds give equal frames, but for their times. Default: drawn. */
  readonly seed?: number;
  /**
   * How many machines. By default 10 to 35, drawn by the seed; more join where these are too few for each to
   * send one frame a millisecond at most, so that no two frames share a key. A number that is given stays:
   * frames share keys if they must.
   */
  readonly machines?: number | "fallback";
  /** Put before the names of the topics, for a trial beside a running system. Default: nothing. */
  readonly topicPrefix?: string;
  /** How many partitions topics get that do not exist yet. Default 4. */
  readonly partitions?: number;
  /** How many replicas topics get that do not exist yet. Default: the broker's setting. */
  readonly replicationFactor?: number;
  /** `bufferBytes` is by default 8 MiB here: what waits for a slow broker. */
  readonly producer?: ProducerOptions;
  /**
   * Ends the generator when aborted: what is under way is sent, for at most
   * {@linkcode GeneratorOptions.flushMs}.
   */
  readonly signal?: AbortSignal;
  /** How long sending what is under way may take after a stop or a loss, in ms. Default 4,000. */
  readonly flushMs?: number;
  /** Told of each frame when its request is written; for those who check what comes out. */
  readonly onFrame?: (frame: Frame) => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What a generator did so far. */
export interface GeneratorStats {
  /** Frames whose request was written. */
  readonly frames: number;
  /** Frames whose response was written. */
  readonly answered: number;
  /** Records given to the producer: requests and responses. */
  readonly appended: number;
  /** Records that the brokers acknowledged. */
  readonly sent: number;
  /** Records given up after retrying. */
  readonly failed: number;
  /** Sends that were tried again, and why the last one was. */
  readonly retries: number;
  readonly lastRetry: string | undefined;
  /** Why what is queued could not be sent yet; `undefined` while nothing fails. */
  readonly failing: string | undefined;
  /** Records, and bytes, that wait for an acknowledgement. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** The rate aimed at now in records a second; `Infinity` for max. */
  readonly targetRate: number;
  readonly elapsedMs: number;
}

/** Why a generator ended. */
export type EndReason = "duration" | "count" | "stopped" | "failed";

/** What a generator did. */
export interface GeneratorSummary extends GeneratorStats {
  readonly reason: EndReason;
  readonly seed: number;
  readonly machines: number;
  /** Records that were not acknowledged, so that they must be taken for lost; 0 when all went well. */
  readonly lost: number;
  /** What is known of why. */
  readonly lostWhy: string | undefined;
}

/** A running generator. */
export interface RunningGenerator extends Throughput {
  readonly seed: number;
  /** How many machines there are so far. */
  readonly machines: number;
  readonly partitions: number;
  stats(): GeneratorStats;
  /** Ends it, as the signal does. */
  stop(): void;
  /** Resolves when it ended, also when it lost records; rejects on a defect. */
  readonly done: Promise<GeneratorSummary>;
}

/**
 * Creates the topics if they are missing, then writes frames until the duration, the count or the signal ends
 * it, or records were lost. It keeps a bounded number of bytes in memory: a slow broker slows it down.
 *
 * @throws {RangeError} When the seed, the machines or the rate are out of range.
 * @example
 * ```ts ignore
 * import { MemoryLog } from "../kafka/memory/memory_log.ts";
 *
 * const generator = await startGenerator({ log: new MemoryLog(), serdes, rate: 5000, count: 100 });
 * generator.setRate(20_000);
 * console.log((await generator.done).sent);
 * ```
 */
export async function startGenerator(options: GeneratorOptions): Promise<RunningGenerator> {
  const seed = options.seed ?? randomSeed();
  const frames = new FrameGenerator({
    seed,
    ...(options.machines === undefined ? {} : { machines: options.machines }),
  });
  const clock = options.clock ?? systemClock;
  const rate = checkRate(options.rate ?? DEFAULT_RATE);
  const logger = options.logger ?? silentLogger;
  const requests = (options.topicPrefix ?? "") + REQUESTS_TOPIC;
  const responses = (options.topicPrefix ?? "") + RESPONSES_TOPIC;
  const partitions = await ensureTopics(
    options.log,
    [requests, responses],
    options.partitions ?? 4,
    options.replicationFactor,
    logger,
  );
  const producer = options.log.producer({ bufferBytes: BUFFER_BYTES, ...options.producer });
  let writer: FrameWriter;
  try {
    const topics = { requests, responses, partitions };
    writer = await FrameWriter.create(producer, topics, frames, options.serdes);
  } catch (error) {
    await producer.close({ abandon: true });
    throw error;
  }
  const throttle = new Throttle({ rate, now: clock.monotonic() });
  return new Generator(options, { seed, frames, clock, throttle, logger, partitions, producer, writer });
}

const BUFFER_BYTES = 8 * 1024 * 1024;
/** Why a sleep ends early. */
const WOKEN = "woken";
/** Records between two looks at the clock. */
const CHUNK = 64;
/** How long frames are drawn before sockets and timers get their turn, in ms. */
const SLICE_MS = 5;
/**
 * At high rates it sleeps this long at least, in ms, and sends what is due then: a timer a record costs more
 * than the record.
 */
const LEAST_SLEEP_MS = 4;
/** How often a profile's rate is looked up, in ms. */
const PROFILE_STEP_MS = 20;

interface Parts {
  readonly seed: number;
  readonly frames: FrameGenerator;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly logger: Logger;
  readonly partitions: number;
  readonly producer: Producer;
  readonly writer: FrameWriter;
}

/** Why what waits could not be sent yet; of a producer that does not tell, why the last try failed. */
function failingOf({ retries }: Producer): string | undefined {
  return "failing" in retries ? retries.failing : retries.last;
}

class Generator implements RunningGenerator {
  readonly seed: number;
  readonly partitions: number;
  readonly done: Promise<GeneratorSummary>;
  readonly #options: GeneratorOptions;
  readonly #parts: Parts;
  readonly #bufferBytes: number;
  readonly #startedAt: number;
  #profile: PlayedProfile | undefined;
  #profileFrom: number;
  #overridden = false;
  #frames = 0;
  #answered = 0;
  /** Whether the next record is the response to the frame drawn last. */
  #unanswered = false;
  readonly #turns: MachineTurns;
  #toldOfSharing = false;
  #stopping = false;
  #wake = new AbortController();

  constructor(options: GeneratorOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.seed = parts.seed;
    this.#turns = new MachineTurns(parts.frames, { grows: options.machines === undefined });
    this.partitions = parts.partitions;
    this.#bufferBytes = options.producer?.bufferBytes ?? BUFFER_BYTES;
    this.#startedAt = this.#profileFrom = parts.clock.monotonic();
    if (options.profile) this.#begin(options.profile);
    this.done = this.#run();
  }

  get machines(): number {
    return this.#parts.frames.machines.length;
  }

  stats(): GeneratorStats {
    const { producer, throttle, clock } = this.#parts;
    const { appended, acknowledged, failed } = producer.counts;
    return {
      frames: this.#frames,
      answered: this.#answered,
      appended,
      sent: acknowledged,
      failed,
      retries: producer.retries.count,
      lastRetry: producer.retries.last,
      failing: failingOf(producer),
      queued: appended - acknowledged - failed,
      queuedBytes: producer.pendingBytes,
      targetRate: throttle.rate,
      elapsedMs: clock.monotonic() - this.#startedAt,
    };
  }

  describe(): Readonly<Record<string, unknown>> {
    const stats = this.stats();
    return {
      rate: showRate(stats.targetRate),
      profile: this.#profile?.text ?? null,
      overridden: this.#overridden,
      frames: stats.frames,
      sent: stats.sent,
      queued: stats.queued,
      failed: stats.failed,
      retries: stats.retries,
      lastRetry: stats.lastRetry ?? null,
      failing: stats.failing ?? null,
      elapsedSeconds: Math.round(stats.elapsedMs) / 1000,
    };
  }

  setRate(rate: number): void {
    this.#parts.throttle.setRate(rate, this.#parts.clock.monotonic());
    this.#profile = undefined;
    this.#overridden = true;
    this.#wakeUp();
  }

  setProfile(profile: PlayedProfile): void {
    this.#begin(profile);
    this.#overridden = true;
  }

  reset(): void {
    if (this.#options.profile) this.#begin(this.#options.profile);
    else this.setRate(this.#options.rate ?? DEFAULT_RATE);
    this.#overridden = false;
  }

  stop(): void {
    this.#stopping = true;
    this.#wakeUp();
  }

  #begin(profile: PlayedProfile): void {
    const now = this.#parts.clock.monotonic();
    this.#profile = profile;
    this.#profileFrom = now;
    this.#parts.throttle.setRate(profile.rateAt(0), now);
    this.#wakeUp();
  }

  async #run(): Promise<GeneratorSummary> {
    const { signal } = this.#options;
    const stop = () => this.stop();
    if (signal?.aborted) this.stop();
    signal?.addEventListener("abort", stop);
    try {
      const reason = await this.#generate();
      if (this.#unanswered && reason !== "failed") this.#respond();
      const lostWhy = await this.#flush(reason);
      const stats = this.stats();
      const lost = stats.appended - stats.sent;
      return {
        ...stats,
        reason,
        seed: this.seed,
        machines: this.machines,
        lost,
        lostWhy: lost > 0 ? lostWhy : undefined,
      };
    } finally {
      signal?.removeEventListener("abort", stop);
      await this.#parts.producer.close({ abandon: true });
    }
  }

  async #generate(): Promise<EndReason> {
    const { clock, throttle, producer } = this.#parts;
    const endsAt = this.#startedAt + (this.#options.durationMs ?? Infinity);
    let sliceFrom = clock.monotonic();
    for (;;) {
      const now = clock.monotonic();
      if (this.#stopping) return "stopped";
      if (producer.counts.failed > 0) return "failed";
      if (now >= endsAt) return "duration";
      if (this.#profile) throttle.setRate(this.#profile.rateAt(now - this.#profileFrom), now);
      if (producer.pendingBytes > this.#bufferBytes) {
        // Wakes now and then though there is no room, to see whether it is to end.
        void producer.ready().then(this.#wakeUp);
        await this.#sleep(100);
        sliceFrom = clock.monotonic();
        continue;
      }
      const due = throttle.due(now);
      if (due === 0) {
        const wait = Math.max(LEAST_SLEEP_MS, throttle.waitMs(now));
        await this.#sleep(Math.min(wait, endsAt - now, this.#profile ? PROFILE_STEP_MS : Infinity));
        sliceFrom = clock.monotonic();
        continue;
      }
      // Before the frames are drawn, as those that were due earlier may get earlier times.
      this.#turns.begin(clock.now(), due / 2);
      if (this.#write(Math.min(due, CHUNK))) return "count";
      if (clock.monotonic() - sliceFrom >= SLICE_MS) {
        await clock.sleep(0);
        sliceFrom = clock.monotonic();
      }
    }
  }

  /** Writes so many records; `true` when the last frame to write is complete. */
  #write(records: number): boolean {
    const { frames, writer, throttle } = this.#parts;
    const { onFrame } = this.#options;
    const count = this.#options.count ?? Infinity;
    const turns = this.#turns;
    let written = 0;
    while (written < records) {
      if (this.#unanswered) {
        this.#respond();
      } else if (this.#frames >= count) {
        break;
      } else {
        const time = turns.draw();
        writer.request(time);
        this.#frames++;
        this.#unanswered = frames.answered;
        onFrame?.(frames.frame(time));
      }
      written++;
    }
    throttle.take(written);
    if (turns.shares && !this.#toldOfSharing) this.#tellOfSharing();
    return this.#frames >= count && !this.#unanswered;
  }

  #tellOfSharing(): void {
    this.#toldOfSharing = true;
    this.#parts.logger.warn(
      `${this.machines} machines are too few for this rate: frames share a millisecond and a machine, thus ` +
        "a key, and what is joined by it grows with the square of them; leave out --machines, or give one " +
        "for each 2,000 records/s",
    );
  }

  #respond(): void {
    this.#parts.writer.response();
    this.#unanswered = false;
    this.#answered++;
  }

  /**
   * Waits for the acknowledgements; not for long when the generator was stopped or has lost records. Tells
   * why some are missing.
   */
  async #flush(reason: EndReason): Promise<string | undefined> {
    const { producer, clock } = this.#parts;
    const flushMs = this.#options.flushMs ?? 4000;
    const settled = new AbortController();
    let outcome: { error: unknown } | undefined;
    const settle = (error: unknown): void => {
      outcome = { error };
      settled.abort();
      this.#wakeUp();
    };
    void producer.flush().then(settle, settle);
    if (reason !== "failed") {
      while (!this.#stopping && !outcome) await this.#sleep(Infinity);
    }
    if (!outcome) await clock.sleep(flushMs, settled.signal);
    if (!outcome) {
      const last = failingOf(producer);
      return `no acknowledgement within ${flushMs / 1000} s${last === undefined ? "" : ` (${last})`}`;
    }
    const { error } = outcome as { error: unknown };
    if (error === undefined) return undefined;
    if (error instanceof ProduceError) return error.message;
    throw error;
  }

  /** Sleeps until the time is over, or the rate changes, or it is to stop. */
  async #sleep(ms: number): Promise<void> {
    const wake = this.#wake = new AbortController();
    await this.#parts.clock.sleep(ms, wake.signal);
  }

  // With a reason of its own: making the usual one, an exception with its stack, costs more than the rest.
  readonly #wakeUp = (): void => this.#wake.abort(WOKEN);
}
