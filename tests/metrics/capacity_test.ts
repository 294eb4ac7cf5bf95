import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { BusyTime } from "../../src/engine/app/progress/busy_time.ts";
import { Capacity } from "../../src/metrics/capacity.ts";

/** A turn of an instance that can count on a tenth of a core. */
interface Limited {
  readonly workMs: number;
  readonly records: number;
  readonly restMs: number;
  readonly cpuMs: number;
}

/** An instance that works and rests by a clock of the test's. */
class Instance {
  at = 0;
  readonly stats = { busyMs: 0 };
  processed = 0;
  /** CPU time by the cores that it can count on; `undefined` where those are any number. */
  cpuMs: number | undefined;
  readonly capacity = new Capacity();
  readonly #busy = new BusyTime(this.stats, () => this.at);

  /** Works so long, and rests so long. */
  turn(workMs: number, records: number, restMs = 0, leftOut = false): void {
    this.#busy.begin();
    this.at += workMs;
    this.processed += records;
    this.#busy.rest();
    this.at += restMs;
    this.#note(leftOut);
  }

  /** Works and rests so long, with so much CPU time. */
  limited({ workMs, records, restMs, cpuMs }: Limited): void {
    this.cpuMs = (this.cpuMs ?? 0) + cpuMs / 0.1;
    this.turn(workMs, records, restMs);
  }

  #note(leftOut: boolean): void {
    const cpu = this.cpuMs === undefined ? {} : { cpuMs: this.cpuMs };
    const { at, stats: { busyMs }, processed } = this;
    this.capacity.note({ at, busyMs, processed, ...cpu }, leftOut);
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

Deno.test("capacity: what a CPU limit will take away is known long before it does", () => {
  const instance = new Instance();
  // A tenth of a core, half used: 5 ms of CPU time in 100 ms, as fast as with a whole core.
  for (let i = 0; i < 400; i++) instance.limited({ workMs: 4, records: 100, restMs: 96, cpuMs: 5 });
  assertAlmostEquals(instance.capacity.estimate!, 2_000, 1);
  assertAlmostEquals(instance.capacity.perSecond!, 2_000, 1);
  // All used: the work takes all of the time on the wall.
  for (let i = 0; i < 400; i++) instance.limited({ workMs: 100, records: 200, restMs: 0, cpuMs: 10 });
  assertAlmostEquals(instance.capacity.estimate!, 2_000, 1);
});

Deno.test("capacity: the CPU time of an instance without records says nothing", () => {
  const instance = new Instance();
  for (let i = 0; i < 400; i++) instance.limited({ workMs: 4, records: 100, restMs: 96, cpuMs: 5 });
  const before = instance.capacity.estimate;
  for (let i = 0; i < 4_000; i++) instance.limited({ workMs: 0, records: 0, restMs: 100, cpuMs: 2 });
  assertEquals(instance.capacity.estimate, before);
});

Deno.test("capacity: with cores to spare the work of the loop is what limits it", () => {
  const instance = new Instance();
  for (let i = 0; i < 100; i++) instance.limited({ workMs: 100, records: 100, restMs: 0, cpuMs: 2 });
  assertEquals(instance.capacity.estimate, 1_000);
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
