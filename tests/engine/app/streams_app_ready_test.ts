import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { StreamsApp } from "../../../src/engine/mod.ts";
import { until } from "./app_contract.ts";
import { counting, GatedLog, writeEach } from "./gated_log.ts";

Deno.test("an instance that restores what came to it stays ready, as it goes on with its own tasks; one without others is not", async () => {
  const log = new GatedLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const config = { applicationId: "ready" };
  const first = new StreamsApp(counting("in"), log, config);
  const second = new StreamsApp(counting("in"), log, config);
  await first.start();
  await second.start();
  await until("one task each", () => first.tasks.length === 1 && second.tasks.length === 1);
  await writeEach(log, "in", 2);
  await until("processed", () => first.stats.processed === 1 && second.stats.processed === 1);
  let open = log.shut();
  await first.close();
  await until("it restores", () => second.restoringTasks.length === 1);
  assertEquals([second.ready, second.tasks.length, second.stats.restoringTasks], [true, 1, 1]);
  await writeEach(log, "in", 2);
  await until("it goes on", () => second.stats.processed === 2);
  open();
  const third = new StreamsApp(counting("in"), log, config);
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

Deno.test("an instance that comes is ready with its first task, and where there is none for it without one", async () => {
  for (const maxWarmupReplicas of [0, 2]) {
    const log = new GatedLog();
    await log.createTopics([{ topic: "in", partitions: 2 }]);
    const config = { applicationId: "comes", maxWarmupReplicas, acceptableRecoveryLag: 0 };
    const apps = [0, 1, 2].map(() => new StreamsApp(counting("in"), log, config));
    const [first, second, third] = apps as [StreamsApp, StreamsApp, StreamsApp];
    await first.start();
    assert(first.ready || first.restoringTasks.length > 0);
    await writeEach(log, "in", 2);
    await second.start();
    while (second.tasks.length === 0) {
      assertEquals(second.ready, false);
      await delay(1);
    }
    await third.start();
    await until("ready without tasks", () => third.ready);
    assertEquals(apps.map(({ tasks }) => tasks.length), [1, 1, 0]);
    for (const app of apps) await app.close();
    await log.close();
  }
});
