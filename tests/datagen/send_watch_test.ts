import { assertEquals, assertMatch } from "@std/assert";
import { type SendProgress, SendWatch } from "../../src/datagen/send_watch.ts";

const EVERY = 1_000;

class Watching {
  readonly watch: SendWatch;
  readonly said: string[] = [];
  #now = 0;

  constructor(stallTimeoutMs: number) {
    this.watch = new SendWatch(EVERY, stallTimeoutMs);
  }

  for(seconds: number, progress: Partial<SendProgress>): void {
    for (let i = 0; i < seconds; i++) {
      const line = this.watch.observe(this.#now, 1_700_000_000_000 + this.#now, {
        sent: 0,
        queued: 0,
        retries: 0,
        lastRetry: undefined,
        ...progress,
      });
      if (line !== undefined) this.said.push(line);
      this.#now += EVERY;
    }
  }
}

Deno.test("sending: nothing acknowledged while records wait is not ready, then a stall; both end with an acknowledgement", () => {
  const watching = new Watching(20_000);
  const { watch } = watching;
  const stuck = { sent: 40, queued: 9, retries: 3, lastRetry: "connection refused" };
  watching.for(5, stuck);
  assertEquals([watch.notReady, watch.stalls], [[], []]);
  watching.for(2, stuck);
  assertEquals([watch.notReady.length, watch.stalls.length], [1, 0]);
  watching.for(16, stuck);
  assertMatch(
    watch.stalls[0]!,
    /^no record was acknowledged for 22 s \(since 2023-.*; last error: connection refused\) while 9 wait$/,
  );
  watching.for(2, { ...stuck, sent: 41 });
  assertEquals([watch.notReady, watch.stalls], [[], []]);
  assertEquals(watching.said.map((line) => line.slice(0, 11)), ["Stalled: no", "Not stalled"]);
});

Deno.test("sending: a pause is no stall, and with 0 nothing is", () => {
  const paused = new Watching(3_000);
  paused.for(100, { sent: 40 });
  assertEquals([paused.watch.notReady, paused.watch.stalls], [[], []]);
  const off = new Watching(0);
  off.for(100, { sent: 40, queued: 5 });
  assertEquals(off.watch.stalls, []);
  assertEquals(off.watch.notReady.length, 1);
});
