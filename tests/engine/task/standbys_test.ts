import { assertEquals } from "@std/assert";
import { Standbys, type StandbysOptions } from "../../../src/engine/task/standbys.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import type { Fetcher } from "../../../src/kafka/port/fetcher.ts";
import type { Log } from "../../../src/kafka/port/log.ts";

/** Standbys on a changelog of 100 records, of which nothing comes. */
async function withStandbys(
  options: StandbysOptions,
  body: (standbys: Standbys, polled: () => Promise<void>) => Promise<void>,
): Promise<void> {
  let waiting: (() => void)[] = [];
  const fetcher: Partial<Fetcher> = {
    assign() {},
    unassign() {},
    wakeup() {},
    endOffset: () => 100,
    poll: async () => {
      await new Promise((go) => setTimeout(go, 0));
      const told = waiting;
      waiting = [];
      for (const tell of told) tell();
      return [];
    },
    close: () => Promise.resolve(),
  };
  const log: Partial<Log> = {
    offsets: (partitions) => Promise.resolve(partitions.map(() => 0)),
    fetcher: () => fetcher as Fetcher,
  };
  const failed = (error: unknown): void => {
    throw error;
  };
  const standbys = new Standbys(log as Log, failed, options);
  const polled = async (): Promise<void> => {
    // The one under way may have begun before.
    for (let i = 0; i < 2; i++) await new Promise<void>((tell) => waiting.push(tell));
  };
  try {
    await body(standbys, polled);
  } finally {
    await standbys.close();
  }
}

function make(id: string): Task {
  const task = {
    id,
    partition: Number(id.slice(2)),
    changelogs: [{ topic: "changelog", store: {} }],
    close() {},
  };
  return task as unknown as Task;
}

Deno.test("standbys: the group is told of a warm-up when it is current, once, and of no other standby", async () => {
  let told = 0;
  await withStandbys({ acceptableLag: 100, onWarm: () => told++ }, async (standbys, polled) => {
    standbys.assign(["0_0", "0_1"], make, ["0_1"]);
    assertEquals([standbys.report(), standbys.warmups, standbys.warming], [[], ["0_1"], ["0_1"]]);
    await polled();
    assertEquals([told, standbys.current, standbys.warming], [1, ["0_0", "0_1"], []]);
    await polled();
    assertEquals(told, 1);
    // One that the group knows to be current already needs no telling.
    standbys.report();
    standbys.assign(["0_0", "0_1"], make, ["0_0", "0_1"]);
    await polled();
    assertEquals([told, standbys.warming], [1, []]);
    standbys.assign(["0_0"], make);
    assertEquals([standbys.ids, standbys.warmups], [["0_0"], []]);
  });
});

Deno.test("standbys: what never gets current counts as current after a time, and no sooner", async () => {
  let told = 0;
  const onWarm = (): void => void told++;
  await withStandbys({ acceptableLag: 99, onWarm }, async (standbys, polled) => {
    standbys.assign(["0_0"], make, ["0_0"]);
    await polled();
    assertEquals([told, standbys.current, standbys.lag], [0, [], 100]);
  });
  await withStandbys({ acceptableLag: 99, onWarm, patienceMs: 0 }, async (standbys, polled) => {
    standbys.assign(["0_0"], make, ["0_0"]);
    await polled();
    assertEquals([told, standbys.report(), standbys.warming], [1, ["0_0"], []]);
  });
});
