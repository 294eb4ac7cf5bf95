/**
 * What faults are provoked in: brokers behind a proxy, streams processes, a generator, and the check of what comes out.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { bindSerde, SchemaRegistry, type Serde } from "../../src/serde/mod.ts";
import { type RunningGenerator, startGenerator } from "../../src/datagen/generator.ts";
import { type CheckResult, SessionCheck } from "../../src/demo/session_check.ts";
import type { GameSession } from "../../src/game/hit.ts";
import { SESSIONS_TOPIC } from "../../src/game/topics.ts";
import { connectionConfig } from "../../src/kafka/mod.ts";
import { KafkaLog } from "../../src/kafka/client/kafka_log.ts";
import type { Fetcher } from "../../src/kafka/port/fetcher.ts";
import type { Log } from "../../src/kafka/port/log.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import {
  createArcadeTopics,
  type Instance,
  PARTITIONS,
  StreamsBench,
} from "../../tests/support/streams_bench.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { type BrokerCluster, startCluster } from "../support/broker_cluster.ts";
import { messageOf, ScriptError } from "../support/errors.ts";
import { freePorts } from "../support/ports.ts";
import { peakMemory } from "../support/processes.ts";
import { type Answer, type Fault, type Proxy, startProxy } from "../support/proxy.ts";
import { startRegistry } from "../support/registry_server.ts";
import type { Guarantee, Outcome } from "./outcome.ts";
import { Stalls } from "./stalls.ts";

/** Records a second that the generator writes while a fault is on. */
const RATE = 1_000;
/** Machines of the generator: each partition gets some of any second. */
const MACHINES = 500;
/** How long the sessions of a fault are waited for after it, in ms. */
const SETTLE_MS = 60_000;
/** Duplicates come late, if they come: how long they are waited for, in ms. */
const LATE_MS = 500;
const CLOCK = new URL("./jumping_clock.ts", import.meta.url).pathname;

/** Where a fault can be provoked: one broker behind a proxy, three brokers, or one with a schema registry. */
export type Place = "broker" | "cluster" | "registry";

/** Settings of {@linkcode Rig.open}. */
export interface RigOptions {
  readonly place: Place;
  readonly guarantee: Guarantee;
  /** Numbers from 0 to 1. */
  readonly random: () => number;
  readonly report: (line: string) => void;
}

/** See the module. */
export class Rig {
  readonly random: () => number;
  /** Streams processes by their place; those that a fault ends it starts again. */
  readonly instances: Instance[] = [];
  readonly #options: RigOptions;
  readonly #brokers: Brokers;
  readonly #bench: StreamsBench;
  readonly #log: Log;
  readonly #check: () => Promise<SessionCheck>;
  readonly #serdes: ReturnType<typeof arcadeSerdes>;
  readonly #fetcher: Fetcher;
  readonly #following: Promise<void>;
  readonly #notes: string[] = [];
  #broken: string[] = [];
  #current: SessionCheck | undefined;
  /** Takes late duplicates of the fault before. */
  #before: { check: SessionCheck; result: CheckResult } | undefined;
  #stalls: Stalls | undefined;
  #generatorLog: Log | undefined;
  #started = 0;
  #peakRss = 0;
  #closed = false;

  /** Starts everything. @throws {ScriptError} Without Java, or when something does not come up. */
  static async open(options: RigOptions): Promise<Rig> {
    const brokers = await Brokers.start(options);
    try {
      await createArcadeTopics(brokers.direct, options.place === "cluster" ? 3 : 1);
      const log = new KafkaLog(configOf(brokers.direct), { clientId: "chaos", logger: silent });
      const ends = await log.offsets(sessionPartitions(), "latest");
      const rig = new Rig(options, brokers, log, ends);
      rig.instances.push(rig.start(), rig.start());
      await rig.#begun();
      return rig;
    } catch (error) {
      await brokers.close();
      throw error;
    }
  }

  async #begun(): Promise<void> {
    try {
      await this.ready();
    } catch (error) {
      const said: string[] = [];
      for (const instance of this.instances) {
        const why = await instance.whyEnded();
        said.push(why ?? (await instance.kill("SIGKILL")).stderr);
      }
      throw new ScriptError(
        `Cannot start the instances: received "${messageOf(error)}"; they said\n${said.join("\n")}`,
      );
    }
  }

  private constructor(options: RigOptions, brokers: Brokers, log: Log, ends: readonly number[]) {
    this.#options = options;
    this.random = options.random;
    this.#brokers = brokers;
    this.#log = log;
    const registry = brokers.registry === undefined ? undefined : new SchemaRegistry(brokers.registry);
    this.#serdes = arcadeSerdes(registry);
    this.#check = async () =>
      new SessionCheck(
        await bindSerde(this.#serdes.header, SESSIONS_TOPIC, "key"),
        await bindSerde<GameSession>(this.#serdes.session as Serde<GameSession>, SESSIONS_TOPIC, "value"),
      );
    this.#bench = new StreamsBench(brokers.proxied, `chaos-${options.guarantee}`, {
      denoFlags: ["--preload", CLOCK],
      env: {
        ...(brokers.registry === undefined ? {} : { SCHEMA_REGISTRY: brokers.registry }),
        // As an operator has it: what is on one broker alone rests while that one is away.
        ...(options.place === "cluster" ? { KOS_REPLICATION_FACTOR: "3" } : {}),
      },
    });
    this.#fetcher = log.fetcher();
    for (const [i, partition] of sessionPartitions().entries()) this.#fetcher.assign(partition, ends[i]!);
    this.#following = this.#follow();
  }

  /** The proxy before the broker. */
  get proxy(): Proxy {
    return this.#brokers.proxy!;
  }

  /** The proxy before the registry. */
  get registryProxy(): Proxy {
    return this.#brokers.registryProxy!;
  }

  /** The three brokers. */
  get cluster(): BrokerCluster {
    return this.#brokers.cluster!;
  }

  /** The one broker. */
  get broker(): Broker {
    return this.#brokers.broker!;
  }

  /** Starts the one broker again. */
  async restartBroker(): Promise<void> {
    await this.#brokers.restart();
  }

  /** Decides what becomes of each answer that the proxy passes on; `undefined` lets all pass. */
  set onAnswer(decide: ((answer: Answer) => Fault | undefined) | undefined) {
    this.#brokers.onAnswer = decide;
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** Says more of what a fault did. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Says that something went wrong. */
  complain(text: string): void {
    this.#broken.push(text);
  }

  /** Starts a streams process by a command that runs Deno. */
  start(command: readonly string[] = [Deno.execPath()], ...flags: string[]): Instance {
    return this.#bench.streamsBy(
      command,
      `chaos-${++this.#started}`,
      "--processing-guarantee",
      this.#options.guarantee,
      ...flags,
    );
  }

  /** Ends a streams process and starts another one in its place. */
  async replace(index: number, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.#measure();
    await this.instances[index]!.kill(signal);
    this.instances[index] = this.start();
  }

  /** Resolves when all instances are ready. */
  async ready(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.ready()));
  }

  /** Has frames written while `fault` is provoked, waits for their sessions, and tells what came out. */
  async run(name: string, fault: (rig: Rig) => Promise<void>): Promise<Outcome> {
    this.#notes.length = 0;
    this.#broken = [];
    this.#current = await this.#check();
    this.#stalls = new Stalls(PARTITIONS, performance.now());
    const generator = await this.#generate();
    await delay(1_000);
    try {
      await fault(this);
    } catch (error) {
      this.complain(`the fault could not be provoked: ${messageOf(error)}`);
    }
    await delay(2_000);
    const unsent = await this.#unsent(generator);
    const result = await this.#settled();
    await this.#measure();
    await this.#revive();
    const doubled = result.updates - result.changes + result.unexpected + result.wrong - result.lacking +
      this.#lateDuplicates();
    this.#before = { check: this.#current, result };
    const strict = this.#options.guarantee === "exactly_once";
    const bad = result.missing + result.lacking + (strict ? result.wrong : 0);
    if (bad > 0) this.complain(result.example!);
    return {
      fault: name,
      guarantee: this.#options.guarantee,
      sessions: result.expected,
      lost: result.missing + result.lacking + unsent,
      doubled: Math.max(0, doubled),
      stalledSeconds: this.#stalls.longest / 1000,
      peakRss: this.#peakRss,
      note: this.#notes.join(", "),
      broken: this.#broken,
    };
  }

  /** Ends everything and leaves nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#fetcher.wakeup();
    await this.#following;
    await this.#bench.close();
    await this.#fetcher.close();
    await this.#log.close();
    await this.#generatorLog?.close();
    await this.#brokers.close();
  }

  async #generate(): Promise<RunningGenerator> {
    // By the proxy, as the instances: what is written must survive too.
    this.#generatorLog ??= new KafkaLog(configOf(this.#brokers.proxied), {
      clientId: "chaos-gen",
      logger: silent,
    });
    return await startGenerator({
      log: this.#generatorLog,
      serdes: this.#serdes,
      rate: RATE,
      machines: MACHINES,
      seed: this.below(2 ** 31),
      flushMs: SETTLE_MS,
      onFrame: (frame) => this.#current?.generated(frame),
    });
  }

  /** Ends a generator; how many records it could not write. */
  async #unsent(generator: RunningGenerator): Promise<number> {
    generator.stop();
    const { lost, lostWhy } = await generator.done;
    if (lost > 0) this.complain(`the generator lost ${lost} records: ${lostWhy}`);
    return lost;
  }

  async #settled(): Promise<CheckResult> {
    const until = performance.now() + SETTLE_MS;
    while (performance.now() < until) {
      const { missing, lacking } = this.#current!.result();
      if (missing + lacking === 0) break;
      await delay(200);
    }
    await delay(LATE_MS);
    return this.#current!.result();
  }

  /** Changes of the sessions of the fault before that came only now. */
  #lateDuplicates(): number {
    if (this.#before === undefined) return 0;
    const late = this.#before.check.result().updates - this.#before.result.updates;
    if (late > 0) this.note(`${late} of them of the fault before`);
    return late;
  }

  /** Instances that a fault must not have ended are started again, and complained of. */
  async #revive(): Promise<void> {
    for (const [i, instance] of this.instances.entries()) {
      const why = await instance.whyEnded();
      if (why === undefined) continue;
      this.complain(`an instance ended: ${why.slice(-1_500)}`);
      this.instances[i] = this.start();
    }
    try {
      await this.ready();
    } catch (error) {
      this.complain(`an instance is not ready again: ${messageOf(error)}`);
    }
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      for (const set of await this.#fetcher.poll(100)) {
        this.#current?.came(set);
        this.#before?.check.came(set);
        if (set.count > 0) this.#stalls?.came(set.partition, performance.now());
      }
      await delay(0);
    }
  }

  /** Notes the instances' highest resident memory. */
  async #measure(): Promise<void> {
    for (const instance of this.instances) {
      if (await instance.whyEnded() !== undefined) continue;
      this.#peakRss = Math.max(this.#peakRss, await peakMemory(instance.pid));
    }
  }
}

/** The brokers of a rig, and what stands before them. */
class Brokers {
  /** For who must not notice the faults of the network. */
  readonly direct: string;
  /** For the instances and the generator. */
  readonly proxied: string;
  broker: Broker | undefined;
  cluster: BrokerCluster | undefined;
  proxy: Proxy | undefined;
  registry: string | undefined;
  registryProxy: Proxy | undefined;
  onAnswer: ((answer: Answer) => Fault | undefined) | undefined;
  readonly #closing: (() => Promise<void>)[] = [];
  #restart: (() => Promise<Broker>) | undefined;

  static async start({ place, report, random }: RigOptions): Promise<Brokers> {
    if (place === "cluster") {
      const cluster = await startCluster({ report });
      const brokers = new Brokers(cluster.bootstrap, cluster.bootstrap);
      brokers.cluster = cluster;
      brokers.#closing.push(() => cluster.wipe());
      return brokers;
    }
    const [port, listening, advertise] = freePorts(3) as [number, number, number];
    const dataDir = await Deno.makeTempDir({ prefix: "kos-chaos-" });
    const start = () => startBroker({ port, dataDir, proxied: { port: listening, advertise }, report });
    const brokers = new Brokers(`localhost:${port}`, `localhost:${advertise}`);
    brokers.#restart = start;
    brokers.broker = await start();
    brokers.#closing.push(() => brokers.broker!.wipe());
    const proxy = brokers.proxy = await startProxy({
      target: { port: listening },
      port: advertise,
      onAnswer: (answer) => brokers.onAnswer?.(answer),
      random,
    });
    brokers.#closing.push(() => proxy.close());
    if (place === "registry") await brokers.#startRegistry(report);
    return brokers;
  }

  constructor(direct: string, proxied: string) {
    this.direct = direct;
    this.proxied = proxied;
  }

  async restart(): Promise<void> {
    this.broker = await this.#restart!();
  }

  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }

  async #startRegistry(report: (line: string) => void): Promise<void> {
    const registry = await startRegistry({ report });
    const url = new URL(registry.url);
    const proxy = this.registryProxy = await startProxy({ target: { port: Number(url.port) } });
    url.port = String(proxy.port);
    this.registry = url.href;
    this.#closing.push(() => registry.stop(), () => proxy.close());
  }
}

const silent = { error() {}, warn() {}, info() {}, debug() {} };

function configOf(brokers: string): ReturnType<typeof connectionConfig> {
  return connectionConfig((name) => name === "KAFKA_BROKERS" ? brokers : undefined);
}

function sessionPartitions(): { topic: string; partition: number }[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: SESSIONS_TOPIC, partition }));
}
