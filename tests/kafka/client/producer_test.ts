import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KafkaProducer } from "../../../src/kafka/client/producer.ts";
import { ProduceError } from "../../../src/kafka/port/errors.ts";
import type { ProducerOptions } from "../../../src/kafka/port/producer.ts";
import { ProduceBuffer } from "../../../src/kafka/client/produce_buffer.ts";
import { ProduceSender } from "../../../src/kafka/client/produce_sender.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { CODE, FakeCluster, type FakeOptions, randomFates, type SeenBatch } from "./fake_produce_cluster.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

const encoder = new TextEncoder();

function append(producer: KafkaProducer, partition: number, value: string): void {
  const bytes = encoder.encode(value);
  producer.append("t", partition, 1_700_000_000_000, null, whole(bytes));
}

function make(fake: FakeCluster, options: ProducerOptions = {}): KafkaProducer {
  return new KafkaProducer(fake.cluster, { lingerMs: 1, batchBytes: 400, ...options });
}

const FOREVER = 2 ** 30;

/** Waits until it holds; what the producer does takes some turns of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!holds()) {
    assert(performance.now() < giveUpAt, `not within 20 s: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A cluster that answers nothing until `go` is called. */
function held(options: FakeOptions = {}): { fake: FakeCluster; go: () => void } {
  let latency = FOREVER;
  const fake = new FakeCluster({ ...options, latencyMs: () => latency });
  return {
    fake,
    go: () => {
      latency = 0;
      for (const link of fake.links) link.hurry();
    },
  };
}

/** A cluster that answers nothing once `slow` is called, until `go` has seen five requests under way. */
function slowed(options: FakeOptions): { fake: FakeCluster; slow: () => void; go: () => Promise<void> } {
  let latency = 0;
  const fake = new FakeCluster({ ...options, latencyMs: () => latency });
  return {
    fake,
    slow: () => latency = FOREVER,
    go: async () => {
      await until(() => fake.links[0]!.inFlight === 5);
      latency = 0;
      fake.links[0]!.hurry();
    },
  };
}

/** A producer whose partition 0 was acknowledged once, so that more than one batch may be under way. */
async function warm(fake: FakeCluster, options: ProducerOptions = {}): Promise<KafkaProducer> {
  const producer = make(fake, options);
  append(producer, 0, "first");
  await producer.flush();
  return producer;
}

/** Values that fill a batch each. */
const full = (i: number) => `${i}`.padEnd(330, ".");
const number = (value: string) => Number.parseInt(value, 10);

Deno.test("producer: a batch fills while its partition has one under way, and is sealed by its acknowledgement", async () => {
  const { fake, go } = held();
  const producer = make(fake, { batchBytes: 100_000 });
  append(producer, 0, "0");
  await until(() => fake.links[0]!.inFlight === 1);
  for (let i = 1; i <= 20; i++) {
    append(producer, 0, `${i}`);
    await new Promise((resolve) => setTimeout(resolve, 1)); // longer than the linger
  }
  assertEquals(fake.links[0]!.inFlight, 1);
  go();
  await until(() => producer.counts.acknowledged === 21);
  assertEquals(fake.seen.map(({ values }) => values.length), [1, 20]);
  await producer.close();
});

Deno.test("producer: full batches of a partition follow each other, once its leader has acknowledged one, up to five", async () => {
  let latency = 0;
  const fake = new FakeCluster({ latencyMs: () => latency });
  const producer = await warm(fake);
  latency = FOREVER;
  for (let i = 0; i < 9; i++) append(producer, 0, full(i));
  await until(() => fake.links[0]!.inFlight === 5);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(fake.links[0]!.inFlight, 5);
  latency = 0;
  fake.links[0]!.hurry();
  await producer.flush();
  assertEquals(fake.partitions[0]!.values.slice(1).map(number), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await producer.close();
});

Deno.test("producer: before the first acknowledgement, and after a failure, one batch of a partition is under way", async () => {
  const { fake, go } = held();
  const producer = make(fake);
  for (let i = 0; i < 4; i++) append(producer, 0, full(i));
  await until(() => fake.links[0]!.inFlight === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(fake.links[0]!.inFlight, 1);
  go();
  await producer.flush();
  assertEquals(fake.partitions[0]!.values.map(number), [0, 1, 2, 3]);
  await producer.close();
});

Deno.test("producer: where one of several under way fails, it and those behind it are sent again with their numbers", async () => {
  let failed = 0;
  const fate = (batch: SeenBatch) =>
    number(batch.values[0]!) === 1 && failed++ === 0
      ? { code: CODE.NOT_ENOUGH_REPLICAS, written: false }
      : undefined;
  const { fake, slow, go } = slowed({ fate });
  const producer = await warm(fake);
  slow();
  for (let i = 0; i < 5; i++) append(producer, 0, full(i));
  await Promise.all([producer.flush(), go()]);
  assertEquals(fake.partitions[0]!.values.slice(1).map(number), [0, 1, 2, 3, 4]);
  assertEquals(fake.producerIds, 1);
  const numbers = Map.groupBy(fake.seen.slice(1), ({ values }) => number(values[0]!));
  for (const [value, batches] of numbers) {
    assertEquals(new Set(batches.map(({ sequence }) => sequence)), new Set([value + 1]));
  }
  assert(numbers.get(4)!.length > 1, "the last one was not under way with the one that failed");
  assertStringIncludes(producer.retries.last!, "NOT_ENOUGH_REPLICAS");
  assertEquals(producer.retries.failing, undefined);
  await producer.close();
});

Deno.test("producer: a record that is refused leaves no gap, though others were under way behind it", async () => {
  const fate = ({ values }: SeenBatch) =>
    number(values[0]!) === 1 ? { code: CODE.MESSAGE_TOO_LARGE, written: false } : undefined;
  const { fake, slow, go } = slowed({ fate });
  const producer = await warm(fake);
  slow();
  for (let i = 0; i < 5; i++) append(producer, 0, full(i));
  const [error] = await Promise.all([assertRejects(() => producer.flush(), ProduceError), go()]);
  assertStringIncludes(error.message, "MESSAGE_TOO_LARGE");
  assertEquals(error.lost, new Map([["t", 1]]));
  append(producer, 0, full(5));
  await producer.flush();
  assertEquals(fake.partitions[0]!.values.slice(1).map(number), [0, 2, 3, 4, 5]);
  assertEquals(fake.producerIds, 1);
  await producer.close();
});

Deno.test("producer: behind a gap, numbers whose outcome is not known are left, under a new id", async () => {
  let cut = false;
  const fate = ({ values }: SeenBatch) => {
    if (number(values[0]!) === 1) return { code: CODE.MESSAGE_TOO_LARGE, written: false };
    if (number(values[0]!) === 2 && !cut) {
      cut = true;
      return { cut: "before" as const };
    }
    return undefined;
  };
  const { fake, slow, go } = slowed({ fate });
  const producer = await warm(fake);
  slow();
  for (let i = 0; i < 5; i++) append(producer, 0, full(i));
  await Promise.all([assertRejects(() => producer.flush(), ProduceError), go()]);
  assertEquals(fake.partitions[0]!.values.slice(1).map(number), [0, 2, 3, 4]);
  assertEquals(fake.producerIds, 2);
  await producer.close();
});

Deno.test("producer: a dropped record lets go who waits for room, and what was held back behind it", async () => {
  const fate = ({ values }: SeenBatch) =>
    values[0] === "bad" ? { code: CODE.INVALID_RECORD, written: false } : undefined;
  const { fake, go } = held({ fate });
  const producer = make(fake, { bufferBytes: 10_000, onRefused: () => "drop" });
  append(producer, 0, "bad");
  await until(() => fake.links[0]!.inFlight === 1);
  append(producer, 0, "good");
  assert(producer.pendingBytes > 10_000);
  const ready = producer.ready();
  go();
  await ready;
  await until(() => producer.counts.acknowledged === 1);
  assertEquals(fake.partitions[0]!.values, ["good"]);
  await producer.close();
});

Deno.test("producer: once it is closed nobody waits for room, whatever was not acknowledged", async () => {
  const { fake, go } = held();
  const producer = make(fake, { bufferBytes: 1 });
  append(producer, 0, "0");
  await until(() => fake.links[0]!.inFlight === 1);
  await producer.close({ abandon: true });
  assert(producer.pendingBytes > 1);
  await producer.ready();
  go();
});

Deno.test("producer: a batch of several records that is too large is split under its own numbers", async () => {
  const fate = ({ bytes }: SeenBatch) =>
    bytes > 300 ? { code: CODE.MESSAGE_TOO_LARGE, written: false } : undefined;
  for (const compression of ["none", "gzip"] as const) {
    const fake = new FakeCluster({ fate: compression === "none" ? fate : undefined, latencyMs: () => 3 });
    const producer = await warm(fake, { compression });
    for (let i = 0; i < 60; i++) append(producer, 0, `${i}`.padEnd(40, "y"));
    await producer.flush();
    assertEquals(fake.partitions[0]!.values.slice(1).map(number), Array.from({ length: 60 }, (_, i) => i));
    assertEquals(fake.producerIds, 1);
    await producer.close();
    assertEquals(producer.pendingBytes, 0);
  }
});

Deno.test("producer: a new id for a partition whose numbers are forgotten; the others keep the old one", async () => {
  let forgotten = 0;
  const fate = ({ partition, producerId }: SeenBatch) =>
    partition === 0 && producerId === forgotten
      ? { code: CODE.UNKNOWN_PRODUCER_ID, written: false }
      : undefined;
  const fake = new FakeCluster({ fate, partitions: 2, latencyMs: () => 2 });
  const producer = await warm(fake);
  append(producer, 1, "a");
  await producer.flush();
  forgotten = 1;
  for (let i = 0; i < 4; i++) append(producer, 0, full(i));
  append(producer, 1, "b");
  await producer.flush();
  assertEquals(fake.partitions[0]!.values.slice(1).map(number), [0, 1, 2, 3]);
  assertEquals(fake.partitions[1]!.values, ["a", "b"]);
  assertEquals([...fake.partitions[0]!.producers.keys()], [1, 2]);
  append(producer, 1, "c");
  await producer.flush();
  assertEquals([...fake.partitions[1]!.producers.keys()], [1]);
  await producer.close();
});

Deno.test("producer: a batch that is given up says why its own partition failed last", async () => {
  const fate = ({ partition }: SeenBatch) =>
    partition === 0
      ? { code: CODE.NOT_ENOUGH_REPLICAS, written: false }
      : { code: CODE.REQUEST_TIMED_OUT, written: false };
  const fake = new FakeCluster({ fate, partitions: 2 });
  const producer = make(fake, { deliveryTimeoutMs: 30 });
  append(producer, 0, "a");
  const error = await assertRejects(() => producer.flush(), ProduceError);
  assertStringIncludes(error.message, "not acknowledged within 30 ms; last: Cannot write to t-0");
  assertStringIncludes(error.message, "NOT_ENOUGH_REPLICAS");
  append(producer, 1, "b");
  const other = await assertRejects(() => producer.flush(), ProduceError);
  assertStringIncludes(other.message, "last: Cannot write to t-1");
  assertStringIncludes(other.message, "REQUEST_TIMED_OUT");
  assertEquals(producer.retries.failing, undefined);
  await producer.close();
});

Deno.test("producer: while no broker can be reached a batch goes on filling: what is held is bounded, and given up by name", async () => {
  const fake = new FakeCluster();
  fake.links[0]!.down = true;
  fake.links[0]!.connected = false;
  const bufferBytes = 100_000;
  const producer = make(fake, { batchBytes: 16_384, bufferBytes, deliveryTimeoutMs: 400 });
  let blocked = false;
  for (let i = 0; i < 5_000 && !blocked; i++) {
    append(producer, 0, `${i}`);
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    blocked = producer.pendingBytes > bufferBytes;
  }
  // 5,000 records of about 12 bytes in full batches, and not a buffer for each linger.
  assert(!blocked, `${producer.counts.appended} records took ${producer.pendingBytes} bytes`);
  const error = await assertRejects(() => producer.flush(), ProduceError);
  assertStringIncludes(error.message, "not acknowledged within 400 ms; last: fake:0: refused");
  assertEquals(producer.counts, { appended: 5_000, acknowledged: 0, failed: 5_000 });
  assertEquals(producer.pendingBytes, 0);
  await producer.close();
});

Deno.test("producer: whatever befalls its requests, nothing is lost, doubled or out of order", async () => {
  const seeded = seededRandom();
  const { random, below } = seeded;
  for (let run = 0; run < 15; run++) {
    const share = random() * 0.3;
    const maxBytes = below(3) === 0 ? 200 : Infinity;
    const fates = randomFates(seeded, share);
    const gzip = below(4) === 0;
    const fake = new FakeCluster({
      brokers: 1 + below(3),
      partitions: 1 + below(5),
      fate: (batch) =>
        batch.bytes > maxBytes && batch.values.length > 1
          ? { code: CODE.MESSAGE_TOO_LARGE, written: false }
          : fates(batch),
      latencyMs: () => below(4),
      strays: () => ({ requests: below(4), afterMs: below(6) }),
    });
    const producer = make(fake, { compression: gzip ? "gzip" : "none", bufferBytes: 200_000 });
    const { length } = fake.partitions;
    const next = new Array<number>(length).fill(0);
    for (let i = 0; i < 300; i++) {
      const partition = below(length);
      for (let j = below(6); j >= 0; j--) {
        append(producer, partition, `${next[partition]!++}`.padEnd(1 + below(60), "."));
      }
      if (below(20) === 0) {
        const moving = fake.partitions[below(length)]!;
        moving.leader = below(fake.links.length);
      }
      if (below(3) === 0) await new Promise((resolve) => setTimeout(resolve, below(3)));
      if (below(60) === 0) await producer.flush();
      await producer.ready();
    }
    await producer.flush();
    for (const [partition, { values }] of fake.partitions.entries()) {
      assertEquals(
        values.map(number),
        Array.from({ length: next[partition]! }, (_, i) => i),
        `run ${run}, t-${partition}`,
      );
    }
    for (const link of fake.links) assert(link.mostInFlight <= 5, `${link.mostInFlight} requests under way`);
    assertEquals(fake.producerIds, 1, `run ${run}: a new id, though nothing was forgotten`);
    assertEquals(producer.counts.failed, 0);
    await producer.close();
    assertEquals(producer.pendingBytes, 0);
  }
});

Deno.test("producer: what is refused, dropped, given up or forgotten takes nothing else with it, nor doubles it", async () => {
  const seeded = seededRandom();
  const { random, below } = seeded;
  for (let run = 0; run < 15; run++) {
    const fates = randomFates(seeded, random() * 0.3);
    const mayForget = below(2) === 0;
    const poisoned = new Set<string>();
    const fake = new FakeCluster({
      brokers: 1 + below(2),
      partitions: 1 + below(3),
      fate: (batch) => {
        const id = `${batch.partition}/${batch.producerId}`;
        // Only where all that was written was acknowledged: else what is not acknowledged may be doubled, by Kafka too.
        if (poisoned.has(id)) return { code: CODE.UNKNOWN_PRODUCER_ID, written: false };
        if (mayForget && below(30) === 0 && fake.settled(batch)) {
          poisoned.add(id);
          return { code: CODE.UNKNOWN_PRODUCER_ID, written: false };
        }
        if (batch.values.some((value) => value.endsWith("bad"))) {
          return { code: CODE.INVALID_RECORD, written: false };
        }
        return fates(batch);
      },
      latencyMs: () => below(4),
      strays: () => ({ requests: below(4), afterMs: 0 }),
    });
    const dropped: string[] = [];
    const producer = make(fake, {
      bufferBytes: 200_000,
      deliveryTimeoutMs: below(3) === 0 ? 60 : 120_000,
      onRefused: ({ value }) => {
        dropped.push(new TextDecoder().decode(value!));
        return "drop";
      },
    });
    const { length } = fake.partitions;
    const next = new Array<number>(length).fill(0);
    let bad = 0;
    for (let i = 0; i < 200; i++) {
      const partition = below(length);
      for (let j = below(6); j >= 0; j--) {
        const isBad = below(40) === 0;
        if (isBad) bad++;
        append(
          producer,
          partition,
          `${next[partition]!++}`.padEnd(1 + below(60), ".") + (isBad ? "bad" : ""),
        );
      }
      if (below(3) === 0) await new Promise((resolve) => setTimeout(resolve, below(3)));
      await producer.ready();
    }
    await producer.flush().catch((error) => assert(error instanceof ProduceError, String(error)));
    let written = 0;
    for (const [partition, { values }] of fake.partitions.entries()) {
      const numbers = values.map(number);
      written += numbers.length;
      const sorted = [...new Set(numbers)].sort((a, b) => a - b);
      assertEquals(numbers, sorted, `run ${run}, t-${partition}: doubled or out of order`);
    }
    const { appended, acknowledged, failed } = producer.counts;
    assertEquals(acknowledged + failed, appended);
    // What is given up may be there all the same.
    assert(written >= acknowledged, `run ${run}: ${acknowledged} acknowledged, ${written} written`);
    if (failed === bad) assertEquals(written, appended - bad);
    assert(dropped.length <= bad);
    await producer.close();
  }
});

Deno.test("producer: what is dropped with a transaction is dropped once nothing is under way, and those after it are whole", async () => {
  const seeded = seededRandom();
  const { below } = seeded;
  const fake = new FakeCluster({
    brokers: 2,
    partitions: 3,
    fate: randomFates(seeded, 0.1),
    latencyMs: () => below(3),
  });
  let inDoubt = true;
  // A batch a record: each seals the one before it.
  const buffer = new ProduceBuffer({ batchBytes: 1, transactional: true }, () => sender.wake());
  const sender: ProduceSender = new ProduceSender(fake.cluster, buffer, {
    deliveryTimeoutMs: 120_000,
    transaction: {
      transactionalId: "x",
      has: () => true,
      add: () => Promise.resolve(),
      refused: () => inDoubt = true,
    },
    close: () => Promise.resolve(),
  });
  await fake.prepare();
  const committed: string[][] = [[], [], []];
  let aborted = 0;
  for (let transaction = 0; transaction < 60; transaction++) {
    if (inDoubt) {
      inDoubt = false;
      buffer.identify({ id: 7, epoch: transaction });
    }
    const values: string[][] = [[], [], []];
    for (let i = below(20); i >= 0; i--) {
      const partition = below(3);
      const value = `${transaction}/${i}`;
      const bytes = encoder.encode(value);
      buffer.append("t", partition, 0, null, whole(bytes));
      values[partition]!.push(value);
      if (below(4) === 0) await new Promise((resolve) => setTimeout(resolve, below(4)));
    }
    if (below(3) === 0) {
      buffer.sealAll();
      await sender.drop(new Error("aborted"));
      for (const link of fake.links) assertEquals(link.inFlight, 0);
      assertEquals([buffer.pendingBytes, buffer.waiting.size], [0, 0]);
      buffer.takeLost();
      aborted++;
    } else {
      await buffer.flush();
      for (const [partition, list] of values.entries()) committed[partition]!.push(...list);
    }
  }
  assert(aborted > 0);
  for (const [partition, { values }] of fake.partitions.entries()) {
    const whole = new Set(committed[partition]);
    assertEquals(values.filter((value) => whole.has(value)), committed[partition]);
  }
  await sender.close();
});
