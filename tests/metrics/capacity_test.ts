import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { BusyTime } from "../../src/engine/app/progress/busy_time.ts";
import { Capacity } from "../../src/metrics/capacity.ts";

/** An instance that works and rests by a clock of the test's. */
class Instance {
  at = 0;
  readonly stats = { busyMs: 0, busyCpuMs: 0 };
  processed = 0;
  #cpu = 0;
  readonly capacity: Capacity;
  readonly #busy = new BusyTime(this.stats, () => this.#cpu, () => this.at);

  constructor(cpus?: number) {
    this.capacity = new Capacity(cpus);
  }

  /** Works so long, and rests so long. */
  turn(workMs: number, records: number, restMs = 0, leftOut = false): void {
    this.#busy.begin();
    this.at += workMs;
    this.processed += records;
    this.#busy.rest();
    this.at += restMs;
    this.capacity.note({ at: this.at, ...this.stats, processed: this.processed }, leftOut);
  }

  /** The same, of which it gets so much CPU time. */
  share(cpuMs: number, workMs: number, records: number, restMs: number): void {
    this.#busy.begin();
    this.#cpu += cpuMs;
    this.at += workMs;
    this.processed += records;
    this.#busy.rest();
    this.at += restMs;
    this.capacity.note({ at: this.at, ...this.stats, processed: this.processed });
  }
}

Deno.test("capacity: records of a second of work, and not known before there was one", () => {
  const instance = new Instance();
  instance.turn(0, 0);
  instance.turn(900, 90);
  assertEquals([instance.capacity.perSecond, instance.capacity.estimate], [undefined, undefined]);
  instance.turn(600, 60);
  assertEquals([instance.capacity.perSecond, instance.capacity.estimate], [100, 100]);
});

Deno.test("capacity: what a CPU limit takes away is seen, as work is time on the wall", () => {
  const instance = new Instance();
  for (let i = 0; i < 300; i++) instance.turn(100, 100);
  assertEquals(instance.capacity.estimate, 1_000);
  // Of each 100 ms the limit gives it 25: the same records take four times as long.
  const half = instance.at + 10_000;
  while (instance.at < half) instance.turn(400, 100);
  assertAlmostEquals(instance.capacity.estimate!, 250, 40);
});

Deno.test("capacity: of one that has hardly worked in ten seconds, what the little says", () => {
  const instance = new Instance();
  instance.turn(0, 0);
  for (let i = 0; i < 9; i++) instance.turn(2, 5, 998);
  assertEquals(instance.capacity.estimate, undefined);
  instance.turn(2, 5, 998);
  assertEquals([instance.capacity.estimate, instance.capacity.perSecond], [2_500, undefined]);
  // A surge: cold code is no measure, and the second is full before the autoscaler looks again.
  for (let i = 0; i < 10; i++) instance.turn(100, 2_000);
  assert(instance.capacity.perSecond! > 19_000);
  assertEquals(instance.capacity.estimate, instance.capacity.perSecond);
});

Deno.test("capacity: nothing is known of one that has processed nothing, however long it is watched", () => {
  const instance = new Instance();
  for (let i = 0; i < 20; i++) instance.turn(10, 0, 990);
  assertEquals(instance.capacity.estimate, undefined);
});

Deno.test("capacity: what is left out changes nothing, neither meanwhile nor later", () => {
  const instance = new Instance();
  for (let i = 0; i < 30; i++) instance.turn(100, 100);
  // A restore takes the machine: the tasks that run get a tenth.
  for (let i = 0; i < 100; i++) instance.turn(1_000, 100, 0, true);
  assertEquals(instance.capacity.estimate, 1_000);
  for (let i = 0; i < 30; i++) instance.turn(100, 100);
  assertEquals(instance.capacity.estimate, 1_000);
});

Deno.test("capacity: what a share of a core does is known long before that is used up", () => {
  const instance = new Instance(0.1);
  // Half of a tenth of a core, at the core's full speed.
  for (let i = 0; i < 800; i++) instance.share(5, 5, 100, 95);
  assertAlmostEquals(instance.capacity.estimate!, 2_000, 1);
  // All of it, and the limit takes nine tenths of the time on the wall.
  for (let i = 0; i < 400; i++) instance.share(10, 100, 200, 0);
  assertAlmostEquals(instance.capacity.estimate!, 2_000, 1);
});

Deno.test("capacity: cold code with a share of a core says nothing, unless there is little to do", () => {
  const busy = new Instance(0.1);
  busy.share(0, 0, 0, 0);
  for (let i = 0; i < 199; i++) busy.share(10, 100, 10, 0);
  assertEquals(busy.capacity.estimate, undefined);
  for (let i = 0; i < 400; i++) busy.share(10, 100, 200, 0);
  assertEquals(busy.capacity.estimate, 2_000);

  const idle = new Instance(0.1);
  for (let i = 0; i < 20; i++) idle.share(10, 10, 10, 990);
  assertEquals(idle.capacity.estimate, 100);
});

Deno.test("capacity: what a tenth of a core does at a moment is not what it can do", () => {
  const instance = new Instance(0.1);
  for (let i = 0; i < 2_000; i++) instance.share(10, 100, 200, 0);
  // A collection of garbage, a move: a second of CPU time in which hardly anything is processed.
  instance.share(1_000, 10_000, 100, 0);
  assert(instance.capacity.estimate! > 1_700);
});

Deno.test("capacity: from a core on the loop is limited by the time on the wall", () => {
  const instance = new Instance(4);
  for (let i = 0; i < 100; i++) instance.share(20, 100, 100, 0);
  assertEquals(instance.capacity.estimate, 1_000);
});
