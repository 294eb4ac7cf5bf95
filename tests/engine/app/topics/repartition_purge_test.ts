import { assertEquals } from "@std/assert";
import { RepartitionPurge } from "../../../../src/engine/app/topics/repartition_purge.ts";
import type { Task } from "../../../../src/engine/task/task.ts";
import { MemoryLog } from "../../../../src/kafka/mod.ts";
import type { TopicPartitionOffset } from "../../../../src/kafka/port/topics.ts";

const at = (offset: number): TopicPartitionOffset => ({
  topic: "app-words-repartition",
  partition: 0,
  offset,
});

/** A purge whose clock stands still, a task that has committed what it is told, and what was deleted. */
function bench() {
  const asked: number[] = [];
  const warned: string[] = [];
  const state = { now: 0, committed: [] as TopicPartitionOffset[], error: undefined as Error | undefined };
  const log = new MemoryLog();
  log.deleteRecords = (before) => {
    asked.push(...before.map(({ offset }) => offset));
    return state.error === undefined ? Promise.resolve() : Promise.reject(state.error);
  };
  const purge = new RepartitionPurge(
    log,
    30_000,
    { info() {}, warn: (line) => warned.push(line) },
    () => state.now,
  );
  // Only what the purge asks of a task.
  const task = { takePurgeable: () => state.committed.splice(0) } as unknown as Task;
  const pass = async (ms: number) => {
    state.now += ms;
    purge.due([task]);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { asked, warned, state, purge, pass };
}

Deno.test("what is committed is deleted once an interval, and nothing when nothing was", async () => {
  const { asked, state, pass } = bench();
  state.committed = [at(5)];
  await pass(29_999);
  assertEquals(asked, []);
  await pass(1);
  assertEquals(asked, [5]);
  await pass(30_000);
  state.committed = [at(9)];
  await pass(100);
  assertEquals(asked, [5]);
  await pass(29_900);
  assertEquals(asked, [5, 9]);
});

Deno.test("what could not be deleted is tried again the next time, up to the newest offset, and warned of once", async () => {
  const { asked, warned, state, pass } = bench();
  state.committed = [at(5)];
  state.error = new Error("no broker");
  await pass(30_000);
  await pass(30_000);
  assertEquals(asked, [5, 5]);
  assertEquals(warned, ["Cannot purge repartition topics: no broker; trying again"]);
  state.error = undefined;
  state.committed = [at(8)];
  await pass(30_000);
  await pass(30_000);
  assertEquals(asked, [5, 5, 8]);
});

Deno.test("after it is closed nothing is deleted any more", async () => {
  const { asked, state, purge, pass } = bench();
  state.committed = [at(5)];
  purge.close();
  await pass(60_000);
  assertEquals(asked, []);
});
