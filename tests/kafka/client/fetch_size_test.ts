import { assert, assertEquals } from "@std/assert";
import { FetchSize } from "../../../src/kafka/client/fetch_size.ts";

const BOUNDS = { partitionBytes: 100_000, maxBytes: 4_000_000 };
const MOST = 16_000_000;

/** Partitions of one broker, whose backlog is processed at most at these rates, in bytes a ms. */
class Reader {
  readonly size = new FetchSize(BOUNDS);
  #now = 1_000;

  /** Fetches for so many ms; partitions from index `idleFrom` on bring next to nothing. @returns Bytes a ms. */
  read(roundTrip: number, rates: readonly number[], ms: number, idleFrom = rates.length): number {
    let total = 0;
    for (const until = this.#now + ms; this.#now < until;) {
      const parts = rates.map((_, i) => i < idleFrom ? this.size.partitionBytes : 100);
      // A fetch takes a round trip, or as long as what it brought takes to be processed.
      this.#now += Math.max(roundTrip, ...parts.map((bytes, i) => bytes / rates[i]!));
      for (const [i, bytes] of parts.entries()) {
        this.size.received(`t-${i}`, bytes);
        total += bytes;
      }
      this.size.answered(this.#now, roundTrip, MOST);
    }
    return total / ms;
  }
}

Deno.test("on a short way a fetch stays as small as it is", () => {
  const reader = new Reader();
  reader.read(11, [20_000, 20_000], 5_000);
  const { size } = reader;
  assertEquals([size.partitionBytes, size.maxBytes], [BOUNDS.partitionBytes, BOUNDS.maxBytes]);
});

Deno.test("on a long way a fetch grows until processing no longer waits for it", () => {
  for (const roundTrip of [12, 50, 200]) {
    const reader = new Reader();
    const rates = [5_000, 5_000, 5_000, 5_000];
    reader.read(roundTrip, rates, 60 * roundTrip);
    const bytesPerMs = reader.read(roundTrip, rates, 60 * roundTrip);
    assert(bytesPerMs > 0.95 * 20_000, `${bytesPerMs} bytes/ms at ${roundTrip} ms`);
    assert(reader.size.partitionBytes * rates.length <= MOST);
  }
});

Deno.test("one busy partition among idle ones gets what it needs", () => {
  const reader = new Reader();
  reader.read(50, [10_000, 10, 10, 10], 5_000, 1);
  const { size } = reader;
  assert(size.partitionBytes >= 2 * 50 * 10_000, `${size.partitionBytes}`);
});

Deno.test("what a fetch brings stays below its bound, whatever the way and the rate", () => {
  const reader = new Reader();
  reader.read(2_000, Array(8).fill(1_000_000), 100_000);
  const { size } = reader;
  assertEquals(size.maxBytes, MOST);
  assertEquals(size.partitionBytes, MOST / 8);
});

Deno.test("when the way is short again, or little comes, a fetch is as small as before", () => {
  const reader = new Reader();
  const { size } = reader;
  reader.read(100, [20_000], 5_000);
  assert(size.partitionBytes > BOUNDS.partitionBytes);
  reader.read(1, [20_000], 5_000);
  assertEquals(size.partitionBytes, BOUNDS.partitionBytes);
  reader.read(100, [20_000], 10_000);
  assert(size.partitionBytes > BOUNDS.partitionBytes);
  reader.read(100, [20_000], 5_000, 0);
  assertEquals([size.partitionBytes, size.maxBytes], [BOUNDS.partitionBytes, BOUNDS.maxBytes]);
});

Deno.test("an answer that waited for its records does not pass for a long way", () => {
  const size = new FetchSize(BOUNDS);
  for (let i = 1; i < 100; i++) {
    size.received("t-0", 90_000);
    size.answered(i * 100, i % 8 === 0 ? 1 : 100, MOST);
  }
  assertEquals([size.roundTripMs, size.partitionBytes], [1, BOUNDS.partitionBytes]);
});
