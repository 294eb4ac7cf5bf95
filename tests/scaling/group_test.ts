import { assertEquals } from "@std/assert";
import { Group } from "../../src/scaling/group.ts";
import { instance, look } from "./looks.ts";

Deno.test("group: what was measured stays while nobody tells it, and is not 0 before", () => {
  const group = new Group();
  group.note(look(0, [instance("a", [0, 1], 10)]));
  assertEquals(group.measured, {
    stateEntries: undefined,
    restoreRate: undefined,
    startSeconds: undefined,
  });
  const told = (entries: number, restoreRate: number, startSeconds: number) => ({
    entries,
    restoreRate,
    startSeconds,
  });
  const measured = { stateEntries: 50, restoreRate: 7_000, startSeconds: 2 };
  group.note(
    look(1, [instance("a", [0], 10, told(20, 9_000, 2)), instance("b", [1], 10, told(30, 7_000, 8))]),
  );
  assertEquals(group.measured, measured);
  group.note(look(2, [instance("a", [0], 10)]));
  assertEquals(group.measured, measured);
});

Deno.test("group: entries of a task that moves are not missed", () => {
  const group = new Group();
  group.note(look(0, [instance("a", [0, 1], 10, { entries: 90 })]));
  const resting = { partition: 1, topic: "in" };
  group.note(look(1, [instance("a", [0], 10, { entries: 40 })], { unowned: [resting] }));
  group.note(look(2, [instance("a", [0], 10, { entries: 40 }), instance("b", [], 10, { ready: false })]));
  assertEquals(group.measured.stateEntries, 90);
});

Deno.test("group: a partition of which nobody tells is still there, and one that can't be is not", () => {
  const group = new Group();
  group.note(look(0, [instance("a", [0, 3], 10)]));
  assertEquals([group.parts, group.missing], [4, 2]);
  group.note(look(1, [instance("a", [0, -1, 1.5, NaN, 1e15], 10)]));
  assertEquals([group.parts, group.missing], [4, 3]);
});

Deno.test("group: those that are missing have been asked for, and those that are too many go", () => {
  const group = new Group();
  const instances = [instance("a", [0], 10), instance("b", [1], 10), instance("c", [], 0, { ready: false })];
  const seen = look(0, instances);
  group.note(seen);
  const counts = (count: number) => {
    const { running, pending } = group.snapshot(seen, 0, count);
    return [running, pending];
  };
  assertEquals([counts(1), counts(2), counts(4)], [[1, 0], [2, 0], [2, 2]]);
});

Deno.test("group: what nobody has counts, and for none of the instances", () => {
  const group = new Group();
  const unowned = [{ topic: "in", partition: 1, lag: 500, arrival: 20 }];
  const seen = look(0, [instance("a", [0], 10)], { unowned });
  group.note(seen);
  const { instances, partitions } = group.snapshot(seen, 0, 1);
  assertEquals(partitions, 2);
  assertEquals(instances.map(({ ready, partitions }) => [ready, partitions.length]), [[true, 1], [false, 1]]);
});
