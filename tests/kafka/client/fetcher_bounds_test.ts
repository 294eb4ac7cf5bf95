import { assert, assertEquals } from "@std/assert";
import { FakeBroker, TOPIC } from "./fake_fetch_broker.ts";
import { recordsOf } from "../port/records.ts";

/** Two partitions with so many batches of about 2 KB. */
function broker(batches: number): FakeBroker {
  const fake = new FakeBroker(2);
  for (let i = 0; i < batches; i++) for (const p of [0, 1]) fake.append(p, ["x".repeat(2_000)]);
  return fake;
}

Deno.test("when what is fetched and not polled reaches its bound, a fetch brings the least of one partition, and goes on", async () => {
  const fake = broker(60);
  const fetcher = fake.fetcher({ partitionBytes: 5_000, maxBytes: 50_000, bufferBytes: 4_000 });
  for (const partition of [0, 1]) fetcher.assign({ topic: TOPIC, partition }, 0);
  let read = recordsOf(await fetcher.poll(1_000)).length;
  // What partition 0 has then is held until it is resumed; the other one goes on all the same.
  fetcher.pause({ topic: TOPIC, partition: 0 });
  const before = fake.fetches.length;
  for (let ones = 0; ones < 30;) {
    const records = recordsOf(await fetcher.poll(1_000));
    ones += records.filter(({ partition }) => partition === 1).length;
    read += records.length;
  }
  const whileHeld = fake.fetches.slice(before + 1);
  assert(whileHeld.length > 3);
  assertEquals([...new Set(whileHeld.map(({ maxBytes }) => maxBytes))], [5_000]);
  fetcher.resume({ topic: TOPIC, partition: 0 });
  while (read < 120) read += recordsOf(await fetcher.poll(1_000)).length;
  await fetcher.close();
});

Deno.test("on a long way a fetch asks for more, within its bound", async () => {
  const fake = broker(4_000);
  fake.delayMs = 40;
  const fetcher = fake.fetcher({ partitionBytes: 10_000, maxBytes: 20_000, longLinkBytes: 100_000 });
  for (const partition of [0, 1]) fetcher.assign({ topic: TOPIC, partition }, 0);
  while (fake.fetches.at(-1)?.maxBytes !== 100_000) await fetcher.poll(1_000);
  const { partitions } = fake.fetches.at(-1)!;
  assertEquals(partitions.map(({ maxBytes }) => maxBytes), [50_000, 50_000]);
  await fetcher.close();
});

Deno.test("what unpacks to far more than was fetched comes in several fetches, each record once", async () => {
  const fake = new FakeBroker(4);
  const value = "0".repeat(50_000_000);
  for (let partition = 0; partition < 4; partition++) fake.append(partition, [value], "gzip");
  const fetcher = fake.fetcher();
  for (let partition = 0; partition < 4; partition++) fetcher.assign({ topic: TOPIC, partition }, 0);
  const polls: number[][] = [];
  while (polls.flat().length < 4) {
    const sets = await fetcher.poll(1_000);
    if (sets.length > 0) polls.push(sets.map(({ partition }) => partition));
  }
  assertEquals(polls, [[0, 1, 2], [3]]);
  await fetcher.close();
});
