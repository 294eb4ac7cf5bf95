import { assertEquals } from "@std/assert";
import { type Clock, Deadlines, type Expiring } from "../../../src/kafka/client/deadlines.ts";

/** A clock that a test moves. */
class TestClock implements Clock {
  time = 0;
  set = 0;
  #timer: { at: number; then: () => void } | undefined;

  now(): number {
    return this.time;
  }

  after(ms: number, then: () => void): () => void {
    this.set++;
    const timer = { at: this.time + ms, then };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = undefined;
    };
  }

  get isSet(): boolean {
    return this.#timer !== undefined;
  }

  advance(to: number): void {
    while (this.#timer !== undefined && this.#timer.at <= to) {
      const { at, then } = this.#timer;
      this.#timer = undefined;
      this.time = at;
      then();
    }
    this.time = to;
  }
}

/** Notes when its deadlines pass. */
class Waiter implements Expiring {
  readonly expired: number[] = [];
  readonly deadlines: number[] = [];

  wait(deadlines: Deadlines, deadline: number): void {
    this.deadlines.push(deadline);
    deadlines.watch(this, deadline);
  }

  expire(now: number): number {
    for (const due of this.deadlines.filter((deadline) => deadline <= now)) {
      this.expired.push(now);
      this.deadlines.splice(this.deadlines.indexOf(due), 1);
    }
    return Math.min(...this.deadlines);
  }
}

Deno.test("deadlines: each passes in time, with one timer for all", () => {
  const clock = new TestClock();
  const deadlines = new Deadlines(clock);
  const [one, two] = [new Waiter(), new Waiter()];
  one.wait(deadlines, 100);
  two.wait(deadlines, 50);
  one.wait(deadlines, 120);
  clock.advance(200);
  assertEquals([one.expired, two.expired], [[100, 120], [50]]);
  assertEquals(clock.isSet, false);
});

Deno.test("deadlines: the timer is not set anew for each request", () => {
  const clock = new TestClock();
  const deadlines = new Deadlines(clock);
  const waiter = new Waiter();
  for (let i = 0; i < 1_000; i++) {
    clock.advance(i);
    waiter.wait(deadlines, i + 20_000);
    waiter.deadlines.pop(); // answered
  }
  assertEquals(clock.set, 1);
  clock.advance(20_000);
  assertEquals([waiter.expired, clock.isSet], [[], false]);
});

Deno.test("deadlines: nothing is left when the last one is forgotten", () => {
  const clock = new TestClock();
  const deadlines = new Deadlines(clock);
  const waiter = new Waiter();
  waiter.wait(deadlines, 100);
  deadlines.unwatch(waiter);
  assertEquals(clock.isSet, false);
  waiter.wait(deadlines, 300);
  clock.advance(300);
  assertEquals(waiter.expired, [300, 300]);
});

Deno.test("deadlines: what an expiry leads to is watched too", () => {
  const clock = new TestClock();
  const deadlines = new Deadlines(clock);
  const next = new Waiter();
  deadlines.watch({
    expire: () => {
      next.wait(deadlines, 15);
      return Infinity;
    },
  }, 10);
  clock.advance(20);
  assertEquals(next.expired, [15]);
});
