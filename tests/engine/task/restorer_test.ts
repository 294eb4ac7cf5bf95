import { assertEquals } from "@std/assert";
import { Restorer } from "../../../src/engine/task/restorer.ts";
import { EngineStats } from "../../../src/engine/record/stats.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import type { Fetcher, FetcherOptions } from "../../../src/kafka/port/fetcher.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";

Deno.test("a restore ends when the log deletes the rest of a changelog meanwhile", async () => {
  let options: FetcherOptions = {};
  let assigned: TopicPartition | undefined;
  let now = 0;
  const fetcher: Partial<Fetcher> = {
    assign: (partition) => void (assigned = { topic: partition.topic, partition: partition.partition }),
    unassign() {},
    poll: async () => {
      await new Promise((go) => setTimeout(go, 0));
      now += 40;
      if (assigned !== undefined) options.onOutOfRange!(assigned, 0, 10);
      assigned = undefined;
      return [];
    },
    close: () => Promise.resolve(),
  };
  const log: Partial<Log> = {
    offsets: (partitions, at) => Promise.resolve(partitions.map(() => at === "latest" ? 10 : 0)),
    fetcher: (given) => {
      options = given ?? {};
      return fetcher as Fetcher;
    },
  };
  const stats = new EngineStats();
  const restorer = new Restorer(log as Log, stats, { info() {}, warn() {} }, () => now);
  const reached: number[] = [];
  const task = {
    partition: 0,
    changelogs: [{ topic: "changelog", store: {} }],
    closed: false,
    restored: (_topic: string, offset: number) => reached.push(offset),
  };
  await restorer.restore(task as unknown as Task);
  assertEquals([reached, stats.restoreRemaining, stats.restoringMs], [[10], 0, now]);
  await restorer.close();
});
