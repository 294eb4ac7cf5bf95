import { assertEquals } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { type Fetcher, type FetcherOptions, MemoryLog } from "../../../src/kafka/mod.ts";
import { until } from "./app_contract.ts";

/** A log that gives no changelog records while its gate is shut. */
class GatedLog extends MemoryLog {
  #gate: Promise<void> | undefined;

  /** Shuts the gate; what it returns opens it. */
  shut(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  override fetcher(options: FetcherOptions = {}): Fetcher {
    const fetcher = super.fetcher(options);
    // Those of the sources say which topics they will read.
    if (options.topics !== undefined) return fetcher;
    const poll = fetcher.poll.bind(fetcher);
    fetcher.poll = async (ms) => {
      await this.#gate;
      return await poll(ms);
    };
    return fetcher;
  }
}

function counting(): Topology {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ value: int64Serde() });
  return builder.build();
}

Deno.test("an instance that restores what came to it stays ready, as it goes on with its own tasks; one without others is not", async () => {
  const log = new GatedLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const value = new TextEncoder().encode("x");
  const write = async (): Promise<void> => {
    const producer = log.producer();
    const bytes = { bytes: value, from: 0, to: value.length };
    for (const partition of [0, 1]) producer.append("in", partition, 1, bytes, bytes);
    await producer.close();
  };
  const config = { applicationId: "ready" };
  const first = new StreamsApp(counting(), log, config);
  const second = new StreamsApp(counting(), log, config);
  await first.start();
  await second.start();
  await until("one task each", () => first.tasks.length === 1 && second.tasks.length === 1);
  await write();
  await until("processed", () => first.stats.processed === 1 && second.stats.processed === 1);
  let open = log.shut();
  await first.close();
  await until("it restores", () => second.restoringTasks.length === 1);
  assertEquals([second.ready, second.tasks.length, second.stats.restoringTasks], [true, 1, 1]);
  await write();
  await until("it goes on", () => second.stats.processed === 2);
  open();
  const third = new StreamsApp(counting(), log, config);
  await second.close();
  open = log.shut();
  await third.start();
  await until("it restores all", () => third.restoringTasks.length === 2);
  assertEquals([third.ready, third.tasks.length], [false, 0]);
  open();
  await until("ready", () => third.ready && third.tasks.length === 2);
  assertEquals([third.restoringTasks, third.stats.restoringTasks], [[], 0]);
  await until("all processed", () => second.stats.processed + third.stats.processed + 1 === 4);
  await third.close();
  await log.close();
});
