/** What a task's file is told while its stores are restored. */
import { assertEquals } from "@std/assert";
import type { StateFile } from "../../../src/engine/state/bytes/state_file.ts";
import { RestoreNotes } from "../../../src/engine/task/restore_notes.ts";

/** Notes of a file that tells what it is told. */
function notes(): { readonly told: string[]; readonly notes: RestoreNotes; readonly clock: { now: number } } {
  const told: string[] = [];
  const clock = { now: 10_000 };
  const file: Pick<StateFile, "commit" | "close"> = {
    commit: (positions) => void told.push(`to ${[...positions ?? []].join(" ")}`),
    close: (clean) => void told.push(clean ? "closed, clean" : "closed, as after a crash"),
  };
  return { told, clock, notes: new RestoreNotes(file as StateFile, () => clock.now) };
}

Deno.test("a restore is noted now and then, and at its end", () => {
  const { told, clock, notes: each } = notes();
  each.restored("c", 5);
  clock.now += 100;
  each.restored("c", 7);
  each.restored("d", 3);
  assertEquals([told.splice(0), each.restoring], [["to c,5"], true]);
  clock.now += 400;
  each.restored("c", 9);
  assertEquals(told.splice(0), ["to c,9 d,3"]);
  each.restored("d", 4);
  each.restoredAll();
  assertEquals([told, each.restoring], [["to c,9 d,4"], false]);
});

Deno.test("a restore that is cut short can go on where it was: all that the file has was committed before", () => {
  const { told, notes: each } = notes();
  each.restored("c", 5);
  each.restored("c", 8);
  each.close(false);
  assertEquals(told, ["to c,5", "to c,8", "closed, clean"]);
});

Deno.test("a file whose task has written since is closed clean only when all of that is committed", () => {
  for (const settled of [true, false]) {
    const { told, notes: each } = notes();
    each.restoredAll();
    each.close(settled);
    assertEquals(told, ["to ", settled ? "closed, clean" : "closed, as after a crash"]);
  }
});

Deno.test("without a file nothing is noted", () => {
  const each = new RestoreNotes(undefined, () => {
    throw new Error("nobody asks for the time");
  });
  each.restored("c", 5);
  each.restoredAll();
  each.close(true);
  assertEquals(each.restoring, false);
});
