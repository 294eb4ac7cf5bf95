import { assert, assertEquals } from "@std/assert";
import { StreamsApp } from "../../../src/engine/mod.ts";
import { until } from "./app_contract.ts";
import { counting, GatedLog, writeEach } from "./gated_log.ts";

const config = { applicationId: "warm", acceptableRecoveryLag: 0 };

/** One instance, which counts the records of three partitions and passes on those of a fourth. */
async function withFirst(
  body: (log: GatedLog, first: StreamsApp, said: string[]) => Promise<void>,
): Promise<void> {
  const log = new GatedLog();
  await log.createTopics([{ topic: "in", partitions: 3 }, { topic: "plain", partitions: 1 }]);
  const said: string[] = [];
  const logger = {
    info: (line: string) => void said.push(line),
    warn: (line: string) => void said.push(line),
  };
  const first = new StreamsApp(counting(), log, { ...config, logger });
  try {
    await first.start();
    await writeEach(log, "in", 3);
    await until("processed", () => first.stats.processed === 3);
    await body(log, first, said);
  } finally {
    await first.close();
    await log.close();
  }
}

Deno.test("a new instance gets a task with state only when it is current, and is ready then; without state at once", async () => {
  await withFirst(async (log, first) => {
    const open = log.shut();
    const second = new StreamsApp(counting(), log, config);
    await second.start();
    await until("one plain task", () => second.tasks.join() === "1_0");
    await until("it warms up", () => second.warmupTasks.join() === "0_2");
    assertEquals([first.tasks.join(), second.restoringTasks, second.stats.warmingTasks()], [
      "0_0,0_1,0_2",
      [],
      1,
    ]);
    await writeEach(log, "in", 3);
    await until("the first goes on", () => first.stats.processed === 6);
    open();
    await until("it has the task", () => second.tasks.join() === "0_2,1_0");
    await until("the first has given it up", () => first.tasks.join() === "0_0,0_1");
    assertEquals([second.ready, second.warmupTasks, second.stats.restored], [true, [], 0]);
    await second.close();
  });
});

Deno.test("an instance with nothing but tasks that it warms up is not ready", async () => {
  const log = new GatedLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const apps = [0, 1].map(() => new StreamsApp(counting("in"), log, config));
  await apps[0]!.start();
  await writeEach(log, "in", 2);
  const open = log.shut();
  await apps[1]!.start();
  await until("it warms up", () => apps[1]!.warmupTasks.length === 1);
  assertEquals([apps[0]!.ready, apps[1]!.ready], [true, false]);
  open();
  await until("ready", () => apps[1]!.ready && apps[1]!.tasks.length === 1);
  for (const app of apps) await app.close();
  await log.close();
});

Deno.test("an instance that leaves goes on until the others are current, and no longer than it may", async () => {
  await withFirst(async (log, first, said) => {
    const second = new StreamsApp(counting(), log, config);
    await second.start();
    await until("half each", () => first.tasks.length === 2 && second.tasks.length === 2);
    const open = log.shut();
    let left = false;
    const leaving = first.leave(3_600_000).then(() => left = true);
    await until("the other warms up", () => second.warmupTasks.join() === "0_0,0_1");
    await writeEach(log, "in", 3);
    await until("it goes on", () => first.stats.processed + second.stats.processed === 6);
    assertEquals([left, first.tasks.join(), first.state], [false, "0_0,0_1", "running"]);
    open();
    await leaving;
    await until("all at the second", () => second.tasks.length === 4);
    assertEquals([second.stats.restored, first.state], [0, "closed"]);
    assert(!said.some((line) => line.startsWith("The time to hand tasks over is up")), said.join("\n"));

    const third = new StreamsApp(counting(), log, config);
    const warned: string[] = [];
    const last = new StreamsApp(counting(), log, {
      ...config,
      logger: { info() {}, warn: (line) => void warned.push(line) },
    });
    await second.close();
    await last.start();
    await until("all at the last", () => last.tasks.length === 4);
    const reopen = log.shut();
    await third.start();
    await until("it warms up", () => third.warmupTasks.length === 1);
    await last.leave(1);
    assertEquals(last.state, "closed");
    assert(
      warned.some((line) => line.startsWith("The time to hand tasks over is up: 0_0 0_1 0_2")),
      warned.join("\n"),
    );
    reopen();
    await until("all at the third", () => third.tasks.length === 4);
    await third.close();
  });
});

Deno.test("without warm-ups tasks move at once, and an instance leaves at once", async () => {
  await withFirst(async (log, first) => {
    await first.close();
    const off = { ...config, maxWarmupReplicas: 0 };
    const apps = [0, 1].map(() => new StreamsApp(counting(), log, off));
    await apps[0]!.start();
    await until("all", () => apps[0]!.tasks.length === 4);
    await apps[1]!.start();
    await until("half each", () => apps.every((app) => app.tasks.length === 2));
    assert(apps[1]!.stats.restored > 0);
    await apps[0]!.leave(3_600_000);
    await until("all at the other", () => apps[1]!.tasks.length === 4);
    await apps[1]!.close();
  });
});

Deno.test("a static member does not hand over: it is to come back", async () => {
  await withFirst(async (log, first) => {
    const named = new StreamsApp(counting(), log, { ...config, groupInstanceId: "b" });
    await named.start();
    await until("half each", () => first.tasks.length === 2 && named.tasks.length === 2);
    log.shut();
    await named.leave(3_600_000);
    assertEquals(named.state, "closed");
  });
});
