import { assert, assertEquals } from "@std/assert";
import { Board } from "../../src/demo/board.ts";
import { instance, snapshot } from "./snapshots.ts";

const FLEET = [
  instance({ load: 0.8 }),
  instance({ load: 0.4 }),
  instance({ ready: false, load: undefined }),
  instance({ leaving: true, load: 9 }),
];
const SECOND = snapshot(12, {
  phase: "surge",
  instances: FLEET,
  wanted: 3,
  lag: 50_000,
  rates: { in: 7_512.4, out: 6_021, sessions: 2_997 },
});

Deno.test("a line of the board has the rates, the lag as a bar, the load and each instance's state", () => {
  const board = new Board(80, 100_000);
  assertEquals(board.line(SECOND).trim().split(/\s+/), [
    "12s",
    "surge",
    "7,512",
    "6,021",
    "2,997",
    "50,000",
    "██████",
    "0.60",
    "●●○◌",
    "3",
  ]);
});

Deno.test("the bar of the board is full at the largest lag so far", () => {
  const board = new Board(80, 10_000);
  assert(board.line(SECOND).includes("████████████"));
  assert(board.line({ ...SECOND, lag: 25_000 }).includes("██████ "));
});

Deno.test("no line of the board is wider than 80 columns, and the last session has what is left of more", () => {
  const lastSessions = [`000042@EU ${"jab ".repeat(50)}`];
  const rates = { in: 1_234_567, out: 1_234_567, sessions: 123_456 };
  const wide = { ...SECOND, atMs: 3.6e6, phase: "surge", lag: 1_234_567, rates, lastSessions };
  const decision = { from: 1, to: 4, reason: "1 → 4: ".padEnd(200, "because ") };
  for (const width of [80, 100, 160]) {
    const board = new Board(width, 1);
    for (const line of [...board.header(), board.line(wide), ...board.decision(decision)]) {
      assert([...line].length <= width, `${[...line].length} of ${width}: ${line}`);
    }
    assertEquals(board.line(wide).includes("000042@EU"), width >= 100);
  }
});
