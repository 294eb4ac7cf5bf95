import { assertEquals } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, StreamsBuilder, TimeWindows, untilWindowCloses } from "../../../src/engine/mod.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import { settleCalls } from "../../../src/engine/task/settle_calls.ts";
import { Desk, taskOf } from "../task/async_task.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** The changelog of a task whose name has this. */
function changelogOf({ changelogs }: Task, part: string): string {
  return changelogs.map(({ topic }) => topic).find((topic) => topic.includes(part))!;
}

/** Asks for the count of each window of 10 ms when it has closed. */
function windowsAskedFor(desk: Desk) {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).windowedBy(TimeWindows.ofSizeAndGrace(10, 0))
    .count({ name: "counts", value: int64Serde() })
    .suppress(untilWindowCloses({ name: "held" }))
    .toStream().selectKey((window) => window.key)
    .mapValuesAsync((count, key, signal) => desk.work(`${count}`, key, signal)).to("out", text);
  return builder.build();
}

/** A task that holds back a window until a record closes it, so that the desk is asked for its count. */
async function closedWindow(desk: Desk) {
  const made = await taskOf(windowsAskedFor(desk));
  const { task, push, deletions } = made;
  const held = (): boolean[] => deletions(changelogOf(task, "held"));
  push("a", 1);
  task.process(100);
  task.committed(task.uncommitted());
  assertEquals(held(), [false]);
  push("b", 20);
  task.process(100);
  return { ...made, held };
}

Deno.test("what a suppression has given out stays in its changelog until it has come out: a crash loses nothing", async () => {
  const desk = new Desk();
  const { task, output, held } = await closedWindow(desk);
  assertEquals([desk.begun, task.uncommitted(), task.resting], [["1"], [], true]);
  assertEquals(held(), [false]);
  await desk.end("1");
  task.process(100);
  assertEquals([output(), task.uncommitted()], [["1"], [{ topic: "in", partition: 0, offset: 2 }]]);
  // The first window's key has gone, the second one's has come.
  assertEquals(held().toSorted(), [false, false, true]);
  task.close();
});

Deno.test("a task that leaves does not delete what a suppression has given out when its promise is rejected", async () => {
  const desk = new Desk();
  const { task, output, held } = await closedWindow(desk);
  await desk.end("1", new Error("fails"));
  await settleCalls([task]);
  assertEquals([task.uncommitted(true), output(), held()], [[], [], [false]]);
  task.close();
});

Deno.test("a join's record without a partner stays in its changelog until what it gave has come out", async () => {
  const desk = new Desk();
  const builder = new StreamsBuilder();
  builder.stream("in", text).leftJoin(
    builder.stream("right", text),
    (left, right) => `${left}+${right}`,
    JoinWindows.ofTimeDifferenceAndGrace(10, 0),
    { ...text, otherValue: stringSerde(), name: "joined" },
  ).mapValuesAsync(desk.work).to("out", text);
  const { task, push, output, deletions } = await taskOf(builder.build());
  const changelog = changelogOf(task, "OUTERSHARED");
  task.context.outerJoinIntervalMs = 0;
  push("a", 1);
  push("x", 1, "right");
  task.process(100);
  await desk.end("a+x");
  const deleted = (): number => deletions(changelog).filter((deletes) => deletes).length;
  const before = deleted();
  push("b", 20);
  push("c", 60);
  push("y", 60, "right");
  task.process(100);
  assertEquals(desk.begun, ["a+x", "b+null", "c+y"]);
  task.uncommitted();
  assertEquals(deleted(), before);
  await desk.end("b+null");
  await desk.end("c+y");
  task.process(100);
  assertEquals([output(), task.uncommitted().length], [["A+X", "B+NULL", "C+Y"], 2]);
  assertEquals(deleted(), before + 2);
  task.close();
});
