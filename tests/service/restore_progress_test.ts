import { assertEquals } from "@std/assert";
import { RestoreProgress } from "../../src/service/restore_progress.ts";

/** What is said while looks at these counts follow each other, a second apart. */
function said(looks: readonly (readonly [restored: number, remaining: number])[]): string[] {
  const lines: string[] = [];
  let at = 0;
  const counts = { restored: 0, restoreRemaining: 0 };
  const progress = new RestoreProgress(counts, { info: (line) => lines.push(line) }, () => at);
  for (const [restored, restoreRemaining] of looks) {
    Object.assign(counts, { restored, restoreRemaining });
    progress.look();
    at += 1_000;
  }
  return lines;
}

Deno.test("a restore is told of every five seconds, and at its end", () => {
  const looks = Array.from({ length: 12 }, (_, i) => [100 + i * 10, 110 - i * 10] as const);
  assertEquals(said(looks), [
    "restoring: 60 changelog records left, 50 read",
    "restoring: 10 changelog records left, 100 read",
    "restored 110 changelog records in 11.0 s",
  ]);
});

Deno.test("a short restore is not told of", () => {
  assertEquals(said([[0, 50], [25, 25], [50, 0], [50, 0]]), []);
});

Deno.test("each restore counts from its own beginning", () => {
  const one = Array.from({ length: 7 }, (_, i) => [i, 6 - i] as const);
  const other = one.map(([restored, remaining]) => [restored + 6, remaining] as const);
  assertEquals(said([...one, ...other]).filter((line) => line.startsWith("restored")), [
    "restored 6 changelog records in 6.0 s",
    "restored 6 changelog records in 6.0 s",
  ]);
});
