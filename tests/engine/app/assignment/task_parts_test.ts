import { assertEquals } from "@std/assert";
import { assignedTasks, inWords } from "../../../../src/engine/app/assignment/task_parts.ts";

const part = (id: number, counts: Record<string, number>) => ({
  id,
  nodes: [],
  stores: [],
  sinkTopics: [],
  sourceTopics: Object.keys(counts),
  tasks: Math.max(...Object.values(counts)),
  partitions: new Map(Object.entries(counts)),
});
const PARTS = [part(0, { left: 3, right: 2 }), part(1, { own: 1 })];
const p = (key: string) => {
  const dash = key.lastIndexOf("-");
  return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)) };
};

Deno.test("a task is whole when all of its inputs are assigned, as many as there are", () => {
  const found = assignedTasks(PARTS, ["left-0", "right-0", "left-2", "own-0", "left-0"].map(p));
  assertEquals(found, { whole: ["0_0", "0_2", "1_0"], parts: [], homeless: [] });
  assertEquals(inWords(found), undefined);
});

Deno.test("half a task is told of with what is there and what is not, and so are partitions of no task", () => {
  const found = assignedTasks(PARTS, ["right-1", "left-0", "right-0", "left-3", "nobody-0"].map(p));
  assertEquals(found.whole, ["0_0"]);
  assertEquals(
    inWords(found),
    "task 0_1 with right-1 but not left-1; left-3, nobody-0, which no task reads",
  );
});
