/**
 * The demo itself: generates load on a log, scales the instances that process it as an autoscaler does, shows
 * what happens each second, and checks every session that comes out.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { bindSerde, type SchemaRegistry, type Serde } from "../serde/mod.ts";
import type { Logger } from "../cli/log.ts";
import { type RunningGenerator, startGenerator } from "../datagen/generator.ts";
import type { GameSession } from "../game/hit.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../game/topics.ts";
import type { Log } from "../kafka/port/log.ts";
import { APPLICATION_ID } from "../streams/arcade.ts";
import { arcadeSerdes } from "../streams/sessions_topology.ts";
import { Board } from "./board.ts";
import { Fleet, type StartInstance } from "./fleet.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { GroupPositions } from "./group_positions.ts";
import { LiveLoad } from "./live_load.ts";
import type { LoadPlan } from "./load_plan.ts";
import { type Observation, Observer } from "./observer.ts";
import { type ScaleBy, Scaler } from "./scaler.ts";
import { type CheckResult, SessionCheck } from "./session_check.ts";
import { SessionsReader } from "./sessions_reader.ts";
import type { Snapshot } from "./snapshot.ts";

/** The topics whose lag is looked at. */
const LAG_TOPICS: readonly string[] = [REQUESTS_TOPIC, RESPONSES_TOPIC];

/** Settings of {@linkcode runDemo}. */
export interface DemoOptions {
  readonly log: Log;
  readonly registry: SchemaRegistry | undefined;
  readonly logger: Logger;
  /** How long load is generated, in ms. */
  readonly durationMs: number;
  readonly plan: LoadPlan;
  readonly machines: number;
  /** Starts an instance that processes at most {@linkcode DemoOptions.perInstance}. */
  readonly startInstance: StartInstance;
  /** Records a second that an instance processes at most. */
  readonly perInstance: number;
  readonly scaleBy: ScaleBy;
  /** How many instances there are at first, and at least. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
  /** How wide the lines may be, in columns. */
  readonly width: number;
  /** Shows a line. */
  readonly show: (line: string) => void;
  /** Told of each snapshot, for whoever shows more than lines, with what that one can change. */
  readonly onSnapshot?: (snapshot: Snapshot, control: DemoControl) => void;
}

/** What can be changed while a demo runs. */
export interface DemoControl {
  /** Sets the load, in records a second, for the rest of the time. */
  setRate(rate: number): void;
  /** Raises the load for a while above what one instance can do. */
  surge(): void;
  /** Raises it for a short while above what all can do. */
  burst(): void;
  /** Asks for one more instance. @returns Whether there may be one more. */
  addInstance(): boolean;
  /** Kills an instance as kill -9 does. @returns Whether there is one of that name that can be killed. */
  killInstance(name: string): boolean;
}

/** What a demo did. */
export interface DemoSummary extends CheckResult {
  readonly seconds: number;
  /** Records that the brokers acknowledged. */
  readonly sent: number;
  /** Records that were given up. */
  readonly lost: number;
  /**
   * How long it took from the end of the load until the lag was gone, in ms; `undefined` when it did not go
   * within a minute.
   */
  readonly drainMs: number | undefined;
  readonly figures: Figures;
  /** Instances that somebody killed: what they had not committed was processed twice. */
  readonly killed: number;
  /** What was seen each second. */
  readonly run: readonly Snapshot[];
}

/** How often everything is looked at, in ms. */
const LOOK_MS = 1_000;
/** How long the lag may take to go after the load has ended, and then the instances, in ms. */
const DRAIN_MS = 60_000;
/** How long sessions may take to come out after the lag is gone, in ms. */
const LATE_MS = 5_000;
/** The length of a demo that scales at its full pace, in ms: a shorter one decides sooner. */
const FULL_MS = 150_000;
/** Over how long the rate of arrival is taken, in ms. */
const ARRIVAL_MS = 5_000;
const LEAST_ARRIVAL_MS = 2_000;

/**
 * Runs the demo on a log.
 *
 * @returns The summary; `undefined` when the signal ended it early.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary | undefined> {
  const demo = new Demo(options);
  try {
    return await demo.run();
  } finally {
    await demo.close();
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #fleet: Fleet;
  readonly #scaler: Scaler;
  readonly #board: Board;
  readonly #load: LiveLoad;
  readonly #control: DemoControl;
  readonly #run: Snapshot[] = [];
  #reader: SessionsReader | undefined;
  #generator: RunningGenerator | undefined;
  #wanted: number;
  #killed = 0;

  constructor(options: DemoOptions) {
    const { perInstance, durationMs, scaleBy, minReplicas, maxReplicas, width } = options;
    this.#options = options;
    this.#fleet = new Fleet(options.startInstance);
    const pace = paceOf(durationMs);
    this.#scaler = new Scaler({ by: scaleBy, minReplicas, maxReplicas, perInstance, pace });
    this.#board = new Board(width, 5 * perInstance);
    this.#load = new LiveLoad(options.plan, perInstance);
    this.#wanted = minReplicas;
    this.#control = {
      setRate: (rate) => this.#load.setRate(rate),
      surge: () => this.#load.surge(),
      burst: () => this.#load.burst(),
      addInstance: () => this.#addInstance(),
      killInstance: (name) => this.#killInstance(name),
    };
  }

  async run(): Promise<DemoSummary | undefined> {
    const { signal, perInstance } = this.#options;
    await this.#firstInstances();
    if (signal.aborted) return undefined;
    const check = await this.#openCheck();
    const reader = this.#reader = await SessionsReader.open(this.#options.log, check);
    const positions = await this.#openPositions();
    const generator = this.#generator = await this.#startGenerator(check);
    const begun = performance.now();
    const observer = new Observer(this.#fleet, positions, begun);
    const look = async (): Promise<Snapshot> => {
      const outside = () => ({ sent: generator.stats().sent, sessions: check.counts.sessions });
      return this.#decide(await observer.look(outside), check.lastSessions());
    };
    for (const line of this.#board.header()) this.#options.show(line);
    await this.#untilLoadEnds(generator, reader, begun, look);
    const load = await generator.done;
    const drainMs = await this.#drain(reader, check, look);
    if (signal.aborted) return undefined;
    return {
      ...check.result(),
      seconds: (performance.now() - begun) / 1000,
      sent: load.sent,
      lost: load.lost,
      drainMs,
      figures: figuresOf(this.#run, perInstance),
      killed: this.#killed,
      run: this.#run,
    };
  }

  /** Ends all that it began. */
  async close(): Promise<void> {
    this.#generator?.stop();
    await this.#generator?.done.catch(() => {}); // reported by whoever awaited it
    await this.#reader?.close();
    await this.#fleet.close();
  }

  /** Starts the instances of the beginning; resolves when they are ready: they create the topics. */
  async #firstInstances(): Promise<void> {
    this.#fleet.scaleTo(this.#wanted);
    for (let ready = false; !ready && !this.#options.signal.aborted;) {
      await this.#rest(100);
      ready = (await this.#fleet.look(performance.now())).every((instance) => instance.ready);
    }
  }

  async #openCheck(): Promise<SessionCheck> {
    const serdes = arcadeSerdes(this.#options.registry);
    return new SessionCheck(
      await bindSerde(serdes.header, SESSIONS_TOPIC, "key"),
      await bindSerde<GameSession>(serdes.session as Serde<GameSession>, SESSIONS_TOPIC, "value"),
    );
  }

  async #openPositions(): Promise<GroupPositions> {
    const { log, durationMs } = this.#options;
    const arrivalMs = Math.max(LEAST_ARRIVAL_MS, ARRIVAL_MS * paceOf(durationMs));
    return await GroupPositions.open(log, APPLICATION_ID, LAG_TOPICS, arrivalMs);
  }

  async #startGenerator(check: SessionCheck): Promise<RunningGenerator> {
    const { log, registry, machines, durationMs, signal, logger } = this.#options;
    return await startGenerator({
      log,
      serdes: arcadeSerdes(registry),
      profile: this.#load,
      machines,
      durationMs,
      signal,
      onFrame: (frame) => check.generated(frame),
      logger,
    });
  }

  async #untilLoadEnds(
    generator: RunningGenerator,
    reader: SessionsReader,
    begun: number,
    look: () => Promise<Snapshot>,
  ): Promise<void> {
    let ended = false;
    const done = generator.done.finally(() => ended = true);
    const { signal } = this.#options;
    for (let next = begun + LOOK_MS; !ended; next = Math.max(next + LOOK_MS, performance.now())) {
      await Promise.race([this.#rest(next - performance.now(), reader), done]);
      if (signal.aborted) break;
      if (!ended) await look();
    }
    await done;
  }

  /**
   * Looks on until the lag is gone, all sessions came, and the replicas are back.
   *
   * @returns After how many ms the lag was gone.
   */
  async #drain(
    reader: SessionsReader,
    check: SessionCheck,
    look: () => Promise<Snapshot>,
  ): Promise<number | undefined> {
    const begun = performance.now();
    const passed = (): number => performance.now() - begun;
    let drainMs: number | undefined;
    while (passed() < DRAIN_MS && !this.#options.signal.aborted) {
      const { lag } = await look();
      // What came out last is on its way when the lag is gone.
      if (lag === 0 && await reader.caughtUp()) {
        drainMs ??= passed();
        const { missing, wrong } = check.result();
        const complete = missing + wrong === 0 || passed() > drainMs + LATE_MS;
        if (complete && this.#scaledBack) break;
      }
      await this.#rest(LOOK_MS, reader);
    }
    return drainMs;
  }

  /** Whether there is nothing more to be seen of the autoscaler. */
  get #scaledBack(): boolean {
    const { scaleBy, minReplicas } = this.#options;
    return scaleBy === "nothing" || this.#fleet.present <= minReplicas;
  }

  /** Lets the autoscaler decide on what was seen, and shows both. */
  #decide(seen: Observation, lastSessions: readonly string[]): Snapshot {
    const { show, onSnapshot } = this.#options;
    const { wanted, decision } = this.#scaler.decide(seen.atMs / 1000, this.#wanted, seen.instances);
    this.#wanted = wanted;
    this.#fleet.scaleTo(wanted);
    const phase = this.#load.phaseAt(seen.atMs);
    const snapshot = { ...seen, running: this.#fleet.running, phase, wanted, decision, lastSessions };
    this.#run.push(snapshot);
    show(this.#board.line(snapshot));
    if (decision !== undefined) { for (const line of this.#board.decision(decision)) show(line); }
    onSnapshot?.(snapshot, this.#control);
    return snapshot;
  }

  #addInstance(): boolean {
    if (this.#wanted >= this.#options.maxReplicas) return false;
    this.#fleet.scaleTo(++this.#wanted);
    return true;
  }

  #killInstance(name: string): boolean {
    const killed = this.#fleet.kill(name);
    if (killed) this.#killed++;
    return killed;
  }

  /** Waits for a while, unless it is aborted. Rejects when what it needs has failed. */
  async #rest(ms: number, reader?: SessionsReader): Promise<void> {
    const { signal } = this.#options;
    const wait = delay(Math.max(0, ms), { signal }).catch(() => {}); // aborted, the wait is over early
    await Promise.race([wait, this.#fleet.failed, ...(reader === undefined ? [] : [reader.failed])]);
  }
}

/** How fast all goes: 1 at full length, less in a shorter demo. */
function paceOf(durationMs: number): number {
  return Math.min(1, durationMs / FULL_MS);
}
