/**
 * For how long a partition rests when instances come, leave and are killed, seen in what comes out.
 * `KOS_PAUSE_KEYS` is how many entries of state each task has.
 */
import { assertEquals } from "@std/assert";
import { freePort } from "../../../scripts/support/ports.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import type { Log } from "../../../src/kafka/mod.ts";
import { until } from "../../engine/app/app_contract.ts";
import { connection, quiet } from "../kafka/broker.ts";
import { recordsOf } from "../../kafka/port/records.ts";
import { startFixture } from "./start_fixture.ts";
import { steadyLoad } from "./steady_load.ts";

const PARTITIONS = 4;
const KEYS = Number(Deno.env.get("KOS_PAUSE_KEYS") ?? 20_000);
/** How long a change may take, in ms. */
const PATIENCE_MS = 240_000;

/** What comes out of each task, which its keys begin with, and the longest time in which nothing did. */
class Watch {
  readonly counts: number[] = Array(PARTITIONS).fill(0);
  readonly #last: number[] = Array(PARTITIONS).fill(0);
  readonly #longest: number[] = Array(PARTITIONS).fill(0);
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(log: Log, topic: string) {
    this.#running = this.#run(log, topic);
  }

  /** The longest rest of any partition since the last call, in ms. */
  longest(): number {
    const longest = Math.round(Math.max(...this.#longest));
    this.#longest.fill(0);
    return longest;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(log: Log, topic: string): Promise<void> {
    const fetcher = log.fetcher({ maxWaitMs: 20 });
    for (let partition = 0; partition < PARTITIONS; partition++) fetcher.assign({ topic, partition }, 0);
    while (!this.#stop.signal.aborted) {
      const sets = await fetcher.poll(100);
      const now = performance.now();
      for (const { key } of recordsOf(sets)) {
        const task = Number(key![0]);
        this.counts[task]! += 1;
        this.#longest[task] = Math.max(this.#longest[task]!, now - (this.#last[task] || now));
        this.#last[task] = now;
      }
    }
    await fetcher.close();
  }
}

/** An instance as a process. */
class Instance {
  readonly #url = `http://127.0.0.1:${freePort()}`;
  readonly #child: Deno.ChildProcess;
  readonly #said: Promise<string>;
  #ended = false;

  constructor(source: string) {
    const flags = {
      source,
      "application-id": `${source}-group`,
      "metrics-port": new URL(this.#url).port,
      "metrics-host": "127.0.0.1",
      "processing-guarantee": "exactly_once",
      "session-timeout": "6s",
      "leave-within": "4m",
    };
    const { child, said } = startFixture("counting.ts", flags);
    this.#child = child;
    this.#said = said;
    this.#child.status.then(() => this.#ended = true);
  }

  /** How many tasks it processes; 0 while it does not answer. */
  async tasks(): Promise<number> {
    if (this.#ended) throw new Error(`An instance ended by itself: ${await this.#said}`);
    const text = await fetch(`${this.#url}/metrics`).then((answer) => answer.text(), () => "");
    return Number(/^kos_streams_tasks (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** Ends it; with SIGTERM it has to end in order. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (!this.#ended) this.#child.kill(signal);
    const { code } = await this.#child.status;
    const said = await this.#said;
    if (signal === "SIGTERM") assertEquals(code, 0, said);
  }
}

Deno.test("instances come, leave and are killed: how long a partition rests, and nothing is lost or doubled", async () => {
  const source = `pauses-${crypto.randomUUID()}`;
  const topics = [source, `${source}-counts`];
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  await log.createTopics(
    topics.map((topic) => ({ topic, partitions: PARTITIONS, replicationFactor: 1 })),
  );
  const instances: Instance[] = [];
  const start = (): number => instances.push(new Instance(source));
  const end = (count: number, signal: "SIGTERM" | "SIGKILL") =>
    Promise.all(instances.splice(0, count).map((each) => each.end(signal)));
  const shared = (what: string, tasks: number) =>
    until(
      what,
      async () => (await Promise.all(instances.map((each) => each.tasks()))).every((own) => own === tasks),
      PATIENCE_MS,
    );
  const stop = new AbortController();
  const watch = new Watch(log, topics[1]!);
  try {
    start();
    const load = { topic: source, partitions: PARTITIONS, keys: KEYS, tickMs: 10 };
    const loaded = steadyLoad(log, load, stop.signal);
    const more = async (records: number): Promise<void> => {
      const goal = watch.counts.map((count) => count + records);
      await until("more", () => watch.counts.every((count, i) => count >= goal[i]!), PATIENCE_MS);
    };
    await until("the state", () => watch.counts.every((count) => count > KEYS), PATIENCE_MS);
    watch.longest();
    await more(100);
    const rested: Record<string, number> = { steady: watch.longest() };
    for (let i = 1; i < PARTITIONS; i++) start();
    await shared("a task each", 1);
    await more(100);
    rested["grow"] = watch.longest();
    await end(PARTITIONS - 1, "SIGTERM");
    await shared("all tasks at the last one", PARTITIONS);
    await more(100);
    rested["shrink"] = watch.longest();
    start();
    await shared("two tasks each", 2);
    watch.longest();
    await end(1, "SIGKILL");
    await shared("all tasks at the other one", PARTITIONS);
    await more(100);
    rested["kill"] = watch.longest();
    stop.abort();
    const sent = await loaded;
    await until("all", () => watch.counts.every((count) => count >= sent), PATIENCE_MS);
    // deno-lint-ignore no-console -- what the test is to show
    console.log(JSON.stringify({ entriesATask: KEYS, longestRestMs: rested, recordsATask: sent }));
    await end(1, "SIGTERM");
    assertEquals(watch.counts, Array(PARTITIONS).fill(sent), "records that came out, by task");
  } finally {
    stop.abort();
    await end(instances.length, "SIGKILL");
    await watch.close();
    await log.deleteTopics([...topics, `${source}-group-counts-changelog`]);
    await log.close();
  }
});
