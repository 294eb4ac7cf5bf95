/** State has a budget: what is held is counted, warned of, and refused with what to change, or moved to disk. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { int64Serde, stringSerde } from "../../../../src/serde/mod.ts";
import { StateFullError, StreamsApp, StreamsBuilder, type Topology } from "../../../../src/engine/mod.ts";
import { heldState, type HoldingTask, StateBudget } from "../../../../src/engine/app/storage/state_budget.ts";
import { MemoryKeyValueStore } from "../../../../src/engine/state/bytes/memory_key_value_store.ts";
import { MemoryWindowStore } from "../../../../src/engine/state/bytes/memory_window_store.ts";
import { murmur2 } from "../../../../src/kafka/port/murmur2.ts";
import type { GroupMember } from "../../../../src/kafka/port/group.ts";
import type { Log } from "../../../../src/kafka/port/log.ts";
import type { Producer } from "../../../../src/kafka/port/producer.ts";
import { MemoryLog } from "../../../../src/kafka/memory/memory_log.ts";
import { until as untilSoon } from "../app_contract.ts";
import { whole } from "../../../../src/kafka/port/bytes_range.ts";
import { but } from "../../../support/but.ts";

const text = { key: stringSerde(), value: stringSerde() };

function stored(name: string, bytes: number, size = 1): HoldingTask {
  return { stores: new Map([[name, { name, bytes, size, restore() {} }]]), queues: [] };
}

Deno.test("what tasks hold is summed up by store, those on disk with what they have in memory", () => {
  const onDisk = { name: "b", bytes: 5000, memoryBytes: 30, size: 7, restore() {} };
  const held = heldState([stored("a", 10), stored("a", 15, 2), {
    stores: new Map([["b", onDisk]]),
    queues: [],
  }]);
  assertEquals(held, {
    bytes: 55,
    queuedBytes: 0,
    stores: [{ name: "b", bytes: 30, entries: 7 }, { name: "a", bytes: 25, entries: 3 }],
    tasks: 3,
  });
});

Deno.test("a buffer that several queues have records in counts once", () => {
  const shared = new ArrayBuffer(1000);
  const queue = { held: (buffers: Set<ArrayBufferLike>) => (buffers.add(shared), 10) };
  const held = heldState([{ stores: new Map(), queues: [queue, queue] } as unknown as HoldingTask]);
  assertEquals([held.bytes, held.queuedBytes], [1020, 1020]);
});

Deno.test("the budget warns once from 80 % on, and is looked at every 100 ms", () => {
  let now = 0;
  let bytes = 0;
  const said: string[] = [];
  const full: number[] = [];
  const budget = new StateBudget({
    maxBytes: 1000,
    measure: () => heldState([stored("sessions", bytes, 12)]),
    logger: { info() {}, warn: (message) => said.push(message) },
    clock: () => now,
    onFull: (held) => full.push(held.bytes),
  });
  const look = (held: number): void => {
    bytes = held;
    now += 100;
    budget.check();
  };
  for (const held of [800, 801, 900, 750, 950]) look(held);
  assertEquals(said.length, 1);
  assertMatch(
    said[0]!,
    /^State takes 801 B of the 1 kB that it may: sessions 801 B \(12 entries\), queued records 0 B; use more/,
  );
  for (const held of [699, 850]) look(held);
  assertEquals([said.length, full], [2, []]);
  look(1001);
  bytes = 2000;
  budget.check();
  now += 99;
  budget.check();
  assertEquals(full, [1001]);
});

Deno.test("without a limit nothing is looked at", () => {
  const budget = new StateBudget({
    maxBytes: Infinity,
    measure: () => {
      throw new Error("looked");
    },
    logger: { info() {}, warn() {} },
    clock: () => 0,
    onFull() {},
  });
  budget.check();
});

Deno.test("stores count what they have reserved: tables, free blocks, queues of expiry, and what a search has found", () => {
  const key = (i: number) => {
    const bytes = new TextEncoder().encode(`key ${i}`);
    return { bytes, from: 0, to: bytes.length, hash: murmur2(bytes, 0, bytes.length) };
  };
  const value = new Uint8Array(40);
  const [kept, expiring] = [new MemoryKeyValueStore(), new MemoryKeyValueStore(1000)];
  for (let i = 0; i < 1000; i++) {
    kept.put(key(i), value, 0, 40, 1);
    expiring.put(key(i), value, 0, 40, 1);
  }
  // 12 bytes for each place in the queue.
  assertEquals(expiring.bytes - kept.bytes, 1024 * 12);
  const before = kept.bytes;
  for (let i = 0; i < 1000; i++) kept.delete(key(i));
  // Nothing is given back, and the freed blocks and ids are listed.
  assertEquals(kept.bytes - before, 1000 * 16);
  const windows = new MemoryWindowStore(1000);
  for (let i = 0; i < 1000; i++) windows.put(key(0), 1, value, 0, 40);
  const unsearched = windows.bytes;
  windows.fetch(key(0), 0, 10);
  assertEquals(windows.bytes - unsearched, (1024 - 16) * 4 + 1000 * 8);
});

const RECORDS = 20_000;

function counting(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ value: int64Serde(), name: "counts" }).toStream()
    .to("out", { key: stringSerde(), value: int64Serde() });
  return builder.build();
}

async function logOf(keys: number): Promise<MemoryLog> {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 2 }, { topic: "out", partitions: 2 }]);
  const producer = log.producer();
  const encoder = new TextEncoder();
  for (let i = 0; i < RECORDS; i++) {
    const key = encoder.encode(`a key of some length ${i % keys}`);
    const partition = (murmur2(key, 0, key.length) & 0x7fffffff) % 2;
    producer.append("in", partition, 1, whole(key), whole(key));
  }
  await producer.close();
  return log;
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!await what()) await new Promise((go) => setTimeout(go, 5));
}

Deno.test("an application above its budget ends with the stores and the remedies named, and has committed nothing unprocessed", async () => {
  const log = await logOf(RECORDS);
  const app = new StreamsApp(counting(), log, { applicationId: "full", stateMaxBytes: 1_000_000 });
  await app.start().catch(() => {});
  const error = await assertRejects(() => app.done, StateFullError);
  assertMatch(
    error.message,
    /^Cannot hold more state: received [\d.]+ MB in 2 tasks, more than the 1 MB of stateMaxBytes: counts [\d.]+ [kM]B \(\d+ entries\), queued/,
  );
  assert(error.message.includes("--store sqlite"));
  const committed = await log.committed("full", [0, 1].map((partition) => ({ topic: "in", partition })));
  const done = committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0);
  assert(done <= app.stats.processed, `${done} committed of ${app.stats.processed} processed`);
  await log.close();
});

/** Counts in front of much else. */
function large(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).aggregate(() => "0", (_key, _value, sum) => {
    return String(parseInt(sum) + 1).padEnd(1200);
  }, { value: stringSerde(), name: "counts" });
  return builder.build();
}

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`an application above its budget moves its stores to disk and goes on: ${processingGuarantee}`, async () => {
    const stateDir = await Deno.makeTempDir({ prefix: "kos-budget-" });
    try {
      const log = await logOf(10_000);
      const said: string[] = [];
      const app = new StreamsApp(large(), log, {
        applicationId: "moving",
        processingGuarantee,
        // In memory it takes 20 MB; of a file on disk at most 8 MiB a task are in memory.
        stateMaxBytes: 18_500_000,
        onStateFull: "disk",
        stateDir,
        logger: { info() {}, warn: (message) => said.push(message) },
      });
      await app.start();
      const partitions = [0, 1].map((partition) => ({ topic: "in", partition }));
      await until(async () => {
        assertEquals([app.state, app.tasks.length <= 2], ["running", true]);
        const committed = await log.committed("moving", partitions);
        return committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0) === RECORDS;
      });
      await until(() => app.ready && app.tasks.length === 2);
      assertEquals(said.filter((each) => each.startsWith("Moving the stores to disk")).length, 1);
      for (const i of [0, 9_999]) {
        const answer = await app.queryStore<string>("counts", `a key of some length ${i}`);
        const count = parseInt((answer as { value: string }).value);
        // At least once may count what was not committed again.
        assert(processingGuarantee === "exactly_once" ? count === 2 : count >= 2, `${count}`);
      }
      assertEquals(
        [...Deno.readDirSync(`${stateDir}/moving`)].filter(({ name }) => name.endsWith(".sqlite")).length,
        2,
      );
      assert(app.stats.stateBytes() <= 18_500_000);
      await app.close();
      await log.close();
    } finally {
      await Deno.remove(stateDir, { recursive: true });
    }
  });
}

/** Runs an application until it moves its stores to disk, and holds its last commit before that until it is told. */
async function withMove(
  body: (app: StreamsApp, log: MemoryLog, member: GroupMember, goOn: () => void) => Promise<void>,
): Promise<void> {
  const stateDir = await Deno.makeTempDir({ prefix: "kos-budget-" });
  const log = await logOf(10_000);
  const gate = Promise.withResolvers<void>();
  let moving = false;
  let member!: GroupMember;
  const seen = but<Log>(log, {
    group: (options) => member = log.group(options),
    producer(options) {
      const producer = log.producer(options);
      const commit: Producer["commit"] = async (offsets) => {
        if (moving) await gate.promise;
        await producer.commit(offsets);
      };
      return but<Producer>(producer, { commit });
    },
  });
  const app = new StreamsApp(large(), seen, {
    applicationId: "moving",
    processingGuarantee: "exactly_once",
    stateMaxBytes: 18_500_000,
    onStateFull: "disk",
    stateDir,
    logger: { info() {}, warn: (line) => void (moving ||= line.startsWith("Moving the stores to disk")) },
  });
  try {
    await app.start();
    await untilSoon("moving", () => moving && app.tasks.length === 0);
    await body(app, log, member, gate.resolve);
  } finally {
    gate.resolve();
    await app.close();
    await log.close();
    await Deno.remove(stateDir, { recursive: true });
  }
}

const committedOf = async (log: Log): Promise<number> => {
  const offsets = await log.committed("moving", [0, 1].map((partition) => ({ topic: "in", partition })));
  return offsets.reduce<number>((sum, offset) => sum + (offset ?? 0), 0);
};

Deno.test("a rebalance while the stores move to disk waits for that, and until then nobody is told that there is nothing to do", async () => {
  await withMove(async (app, log, member, goOn) => {
    const { rebalances } = member;
    member.rejoin();
    await untilSoon("a rebalance", () => member.rebalances > rebalances);
    await new Promise((go) => setTimeout(go, 20));
    assertEquals([app.ready, app.knowsAssignment, app.tasks], [false, false, []]);
    goOn();
    await untilSoon("ready", () => app.ready && app.tasks.length === 2);
    await untilSoon("committed", async () => await committedOf(log) === RECORDS);
    assertEquals(app.knowsAssignment, true);
    const answer = await app.queryStore<string>("counts", "a key of some length 0");
    assertEquals((answer as { value: string }).value.trimEnd(), "2");
  });
});

Deno.test("an application that is closed while its stores move to disk commits what it has processed", async () => {
  await withMove(async (app, log, _member, goOn) => {
    const closed = app.close();
    await new Promise((go) => setTimeout(go, 20));
    goOn();
    await closed;
    assertEquals([app.state, await committedOf(log), app.standbyTasks], ["closed", app.stats.processed, []]);
  });
});
