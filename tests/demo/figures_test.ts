import { assertEquals } from "@std/assert";
import { figuresOf, meanLoad } from "../../src/demo/figures.ts";
import { instance, snapshot } from "./snapshots.ts";

const ready = (count: number) => Array.from({ length: count }, () => instance());
const starting = instance({ ready: false, load: undefined });
const leaving = instance({ leaving: true, load: 4 });

Deno.test("a run comes to its seconds up and down, its worst lag, its pod-seconds and its turns", () => {
  const reason = "";
  const run = [
    snapshot(0, { instances: ready(1) }),
    snapshot(10, { phase: "surge", lag: 900, lagSeconds: 3.5 }),
    snapshot(12, {
      phase: "surge",
      instances: [...ready(1), starting],
      lag: 5_000,
      decision: { from: 1, to: 2, reason },
    }),
    snapshot(14, { phase: "surge", instances: ready(2), lag: 3_000 }),
    snapshot(20, { phase: "burst", instances: ready(2) }),
    snapshot(30, {
      phase: "calm",
      instances: [...ready(1), leaving],
      decision: { from: 2, to: 1, reason },
    }),
    snapshot(31, { phase: "calm" }),
  ];
  assertEquals(figuresOf(run, 1_000), {
    peak: 2,
    upSeconds: 4,
    downSeconds: 11,
    worstLag: 5_000,
    worstSeconds: 3.5,
    laggingSeconds: 8,
    podSeconds: 10 + 2 + 2 * 2 + 2 * 6 + 2 * 10 + 2 * 1,
    turns: 1,
  });
});

Deno.test("a run without a change of replicas has no seconds up or down", () => {
  const run = [snapshot(0), snapshot(1, { phase: "surge" }), snapshot(2, { phase: "burst" }), snapshot(3)];
  const { peak, upSeconds, downSeconds, turns } = figuresOf(run, 1);
  assertEquals([peak, upSeconds, downSeconds, turns], [1, undefined, undefined, 0]);
  assertEquals(figuresOf([], 1).podSeconds, 0);
});

Deno.test("a run that ends its burst before it has scaled up is back only after it was up", () => {
  const run = [
    snapshot(0, { instances: ready(1) }),
    snapshot(1, { phase: "burst", instances: ready(1) }),
    snapshot(2, { phase: "calm", instances: ready(2) }),
    snapshot(9, { phase: "calm", instances: ready(1) }),
  ];
  assertEquals(figuresOf(run, 1).downSeconds, 8);
});

Deno.test("the mean load is of those that stay and know theirs", () => {
  assertEquals(meanLoad([instance({ load: 1 }), instance({ load: 2 }), starting, leaving]), 1.5);
  assertEquals(meanLoad([starting]), undefined);
});
