import { assert, assertEquals } from "@std/assert";
import { Standbys, type StandbysOptions } from "../../../src/engine/task/standbys.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import type { Fetcher, FetcherOptions } from "../../../src/kafka/port/fetcher.ts";
import type { Log } from "../../../src/kafka/port/log.ts";

/** Standbys on a changelog of 100 records, of which nothing comes. */
async function withStandbys(
  options: StandbysOptions,
  body: (
    standbys: Standbys,
    polled: () => Promise<void>,
    deleteTo: (offset: number) => void,
  ) => Promise<void>,
): Promise<void> {
  let asked: FetcherOptions = {};
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
    fetcher: (options = {}) => {
      asked = options;
      return fetcher as Fetcher;
    },
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
    const deleteTo = (offset: number): void =>
      asked.onOutOfRange?.({ topic: "changelog", partition: 0 }, 0, offset);
    await body(standbys, polled, deleteTo);
  } finally {
    await standbys.close();
  }
}

function make(id: string, heldTo?: number): Task {
  const task = {
    id,
    partition: Number(id.slice(2)),
    changelogs: [{ topic: "changelog", store: {} }],
    ...(heldTo === undefined ? {} : { file: { positions: new Map([["changelog", heldTo]]) } }),
    restored() {},
    close() {},
  };
  return task as unknown as Task;
}

Deno.test("standbys: the group is told of a warm-up when it is current, once, and of no other standby", async () => {
  let told = 0;
  await withStandbys({ acceptableLag: 100, onWarm: () => told++ }, async (standbys, polled) => {
    standbys.assign(["0_0", "0_1"], (id) => make(id), { now: ["0_1"] });
    assertEquals([standbys.report(), standbys.warmups, standbys.warming], [[], ["0_1"], ["0_1"]]);
    await polled();
    assertEquals([told, standbys.current, standbys.warming], [1, ["0_0", "0_1"], []]);
    await polled();
    assertEquals(told, 1);
    // One that the group knows to be current already needs no telling.
    standbys.report();
    standbys.assign(["0_0", "0_1"], (id) => make(id), { now: ["0_0", "0_1"] });
    await polled();
    assertEquals([told, standbys.warming], [1, []]);
    standbys.assign(["0_0"], (id) => make(id));
    assertEquals([standbys.ids, standbys.warmups], [["0_0"], []]);
  });
});

Deno.test("standbys: what never gets current counts as current after a time, and no sooner", async () => {
  let told = 0;
  const onWarm = (): void => void told++;
  await withStandbys({ acceptableLag: 99, onWarm }, async (standbys, polled) => {
    standbys.assign(["0_0"], (id) => make(id), { now: ["0_0"] });
    await polled();
    assertEquals([told, standbys.current, standbys.lag], [0, [], 100]);
  });
  await withStandbys({ acceptableLag: 99, onWarm, patienceMs: 0 }, async (standbys, polled) => {
    standbys.assign(["0_0"], (id) => make(id), { now: ["0_0"] });
    await polled();
    assertEquals([told, standbys.report(), standbys.warming], [1, ["0_0"], []]);
  });
});

Deno.test("standbys: what the log has deleted meanwhile is not left to be read", async () => {
  let told = 0;
  const options = { acceptableLag: 0, onWarm: () => void told++ };
  await withStandbys(options, async (standbys, polled, deleteTo) => {
    standbys.assign(["0_0"], (id) => make(id), { now: ["0_0"] });
    await polled();
    assertEquals([told, standbys.lag], [0, 100]);
    deleteTo(60);
    await polled();
    assertEquals([told, standbys.lag], [0, 40]);
    deleteTo(100);
    await polled();
    assertEquals([told, standbys.lag, standbys.current], [1, 0, ["0_0"]]);
  });
});

Deno.test("standbys: one that was taken for current as a warm-up is as far as it has read, once it is none", async () => {
  await withStandbys({ acceptableLag: 99, patienceMs: 0 }, async (standbys, polled) => {
    standbys.assign(["0_0"], (id) => make(id), { now: ["0_0"] });
    await polled();
    assertEquals(standbys.current, ["0_0"]);
    standbys.assign(["0_0"], (id) => make(id));
    assertEquals([standbys.ids, standbys.current], [["0_0"], []]);
  });
});

Deno.test("standbys: one that is taken before it has begun is as far as its file says", async () => {
  await withStandbys({}, (standbys) => {
    standbys.assign(["0_0", "0_1"], (id) => make(id, id === "0_0" ? 40 : undefined));
    assertEquals(standbys.take("0_0")?.positions, new Map([["changelog", 40]]));
    assertEquals(standbys.take("0_1")?.positions, new Map());
    return Promise.resolve();
  });
});

Deno.test("standbys: when a warm-up is current the next one is begun, and goes on when the group has assigned anew", async () => {
  let told = 0;
  await withStandbys({ acceptableLag: 100, onWarm: () => told++ }, async (standbys, polled) => {
    const next = ["0_1", "0_2", "0_3", "0_4"];
    standbys.assign(["0_0"], (id) => make(id), { now: ["0_0"], next });
    assertEquals([standbys.ids, standbys.warmups], [["0_0"], ["0_0"]]);
    await polled();
    assert(standbys.ids.length > 1 && told > 0, standbys.ids.join());
    while (standbys.warmups.length < 5) await polled();
    assertEquals(standbys.ids, ["0_0", ...next]);
    // The first ones have come; the leader did not know of the others.
    standbys.assign(["0_2"], (id) => make(id), { now: ["0_2"], next: ["0_3", "0_4"] });
    assertEquals([standbys.ids, standbys.warmups], [["0_2", "0_3", "0_4"], ["0_2", "0_3", "0_4"]]);
    standbys.assign(["0_2"], (id) => make(id));
    assertEquals([standbys.ids, standbys.warmups], [["0_2"], []]);
  });
});
