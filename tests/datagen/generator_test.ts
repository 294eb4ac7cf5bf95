import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { avroSerde } from "../../src/serde/mod.ts";
import { type GeneratorOptions, type GeneratorSummary, startGenerator } from "../../src/datagen/generator.ts";
import type { FrameSerdes } from "../../src/datagen/frame_encoder.ts";
import { parseProfile } from "../../src/datagen/profile.ts";
import type { Frame } from "../../src/game/frame_generator.ts";
import type { FrameBody, FrameHeader } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA } from "../../src/game/schemas.ts";
import { ProduceError } from "../../src/kafka/port/errors.ts";
import type { Log } from "../../src/kafka/port/log.ts";
import type { Producer, ProducerOptions } from "../../src/kafka/port/producer.ts";
import { MemoryLog } from "../../src/kafka/memory/memory_log.ts";
import type { BytesRange } from "../../src/kafka/port/bytes_range.ts";
import { FakeClock, jsonSerde, withProducer } from "./fakes.ts";

const RQ = "GAME-FRAME-RQ";
const RS = "GAME-FRAME-RS";
const serdes = { header: jsonSerde<FrameHeader>(), body: jsonSerde<FrameBody>() };

interface Row {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: FrameHeader;
  readonly value: FrameBody;
}

async function rows(log: Log, topic: string, { header, body }: FrameSerdes = serdes): Promise<Row[]> {
  const { partitions } = (await log.describeTopics([topic])).get(topic)!;
  const found: Row[] = [];
  const fetcher = log.fetcher();
  for (let partition = 0; partition < partitions; partition++) {
    const [end] = await log.offsets([{ topic, partition }], "latest");
    fetcher.assign({ topic, partition }, 0);
    for (let next = 0; next < end!;) {
      for (const set of await fetcher.poll(100)) {
        next = set.nextOffset;
        for (let i = 0; i < set.count; i++) {
          const key = set.key(i)!;
          const value = set.value(i)!;
          found.push({
            topic,
            partition,
            timestamp: set.timestamps[i]!,
            key: header.decode(key, 0, key.length),
            value: body.decode(value, 0, value.length),
          });
        }
      }
    }
    fetcher.unassign({ topic, partition });
  }
  await fetcher.close();
  return found;
}

async function generate(
  options: Partial<GeneratorOptions>,
): Promise<{ log: Log; summary: GeneratorSummary; clock: FakeClock }> {
  const log = options.log ?? new MemoryLog();
  const clock = (options.clock ?? new FakeClock()) as FakeClock;
  const generator = await startGenerator({ serdes, seed: 1, ...options, log, clock });
  return { log, clock, summary: await generator.done };
}

Deno.test("generator: each frame is a request, and mostly the same as an approved response", async () => {
  const { log, summary } = await generate({ count: 2000, rate: Infinity });
  const [requests, responses] = [await rows(log, RQ), await rows(log, RS)];
  assertEquals(requests.length, 2000);
  assertEquals([summary.frames, summary.answered], [2000, responses.length]);
  assertEquals([summary.sent, summary.lost, summary.reason], [2000 + responses.length, 0, "count"]);
  // 1 of 101 is not answered: 19.8 of 2,000, standard deviation 4.4.
  assertAlmostEquals(2000 - responses.length, 19.8, 18);
  for (const { key, value, timestamp } of requests) {
    assertEquals(value.approval, false);
    assertEquals(timestamp, key.ts);
    assert(value.bytes.length >= 1 && value.bytes.length <= 5);
    for (const hex of value.bytes) assert(hitFromHex(hex) !== undefined, `${hex} can't be decoded`);
  }
  const asked = new Map<string, number>();
  const identity = (row: Row) => JSON.stringify([row.partition, row.key, row.value.bytes]);
  for (const row of requests) asked.set(identity(row), (asked.get(identity(row)) ?? 0) + 1);
  for (const row of responses) {
    assertEquals(row.value.approval, true);
    const left = asked.get(identity(row)) ?? 0;
    assert(left > 0, `a response without its request in the same partition: ${identity(row)}`);
    asked.set(identity(row), left - 1);
  }
});

Deno.test("generator: the same seed gives the same records, another one others", async () => {
  const content = async (seed: number) => {
    const { log, summary } = await generate({ count: 300, rate: 2000, seed });
    assertEquals(summary.seed, seed);
    return JSON.stringify([await rows(log, RQ), await rows(log, RS)]);
  };
  assertEquals(await content(7), await content(7));
  assert(await content(7) !== await content(8));
});

Deno.test("generator: Avro, encoded from prepared pieces, holds what any other serde holds and what onFrame is told", async () => {
  const avro: FrameSerdes = {
    header: avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA),
    body: avroSerde<FrameBody>(FRAME_BODY_SCHEMA),
  };
  const content = async (used: FrameSerdes): Promise<string[][]> => {
    const told: string[] = [];
    const onFrame = ({ header, hits }: Frame) => void told.push(JSON.stringify([header, hits]));
    const { log } = await generate({ count: 400, rate: 3000, seed: 9, serdes: used, onFrame });
    const text = ({ key, value, timestamp }: Row) => {
      assertEquals(timestamp, key.ts);
      return JSON.stringify([key, value.bytes, value.approval]);
    };
    const [requests, responses] = [await rows(log, RQ, used), await rows(log, RS, used)];
    assertEquals(
      requests.map(({ key, value }) => JSON.stringify([key, value.bytes])).sort(),
      told.toSorted(),
    );
    return [requests.map(text).sort(), responses.map(text).sort(), told];
  };
  assertEquals(await content(avro), await content(serdes));
});

Deno.test("generator: the rate counts records, requests and responses", async () => {
  const { summary } = await generate({ durationMs: 20_000, rate: 1000 });
  assertEquals(summary.reason, "duration");
  assertAlmostEquals(summary.sent, 20_000, 10);
  assertEquals(summary.sent, summary.frames + summary.answered);
});

Deno.test("generator: slow rates are exact too", async () => {
  const { summary } = await generate({ durationMs: 30_500, rate: 1 });
  // A response whose request was the last record due still follows.
  assertAlmostEquals(summary.sent, 30, 1);
});

Deno.test("generator: a new rate holds at once, also out of a pause and out of a long sleep", async () => {
  for (const rate of [0, 0.001]) {
    const clock = new FakeClock();
    const generator = await startGenerator({ log: new MemoryLog(), serdes, seed: 1, rate, clock });
    // Lets it fall asleep for ever, or for 1,000 s.
    const asleep = rate === 0
      ? Promise.resolve()
      : new Promise<void>((resolve) => clock.onSleep = () => resolve());
    await asleep;
    const before = generator.stats().appended;
    clock.onSleep = (elapsed) => {
      if (elapsed >= (rate === 0 ? 0 : 1_000_000) + 1000) generator.stop();
    };
    generator.setRate(20_000);
    assertEquals(generator.stats().targetRate, 20_000);
    const summary = await generator.done;
    assertAlmostEquals(summary.sent - before, 20_000, 200, `out of ${rate}`);
  }
});

Deno.test("generator: follows a profile, which a rate overrides until the reset", async () => {
  const clock = new FakeClock();
  const generator = await startGenerator({
    log: new MemoryLog(),
    serdes,
    seed: 1,
    profile: parseProfile("ramp:0..1000/10s"),
    durationMs: 40_000,
    clock,
  });
  const marks = new Map<number, number>();
  const doAt = new Map<number, () => void>([
    [10_000, () => {}],
    [20_000, () => generator.setRate(100)],
    [30_000, () => generator.reset()],
  ]);
  clock.onSleep = (elapsed) => {
    for (const [at, action] of doAt) {
      if (elapsed < at) continue;
      doAt.delete(at);
      marks.set(at, generator.stats().appended);
      action();
      if (at === 20_000) {
        assertEquals([generator.describe()["rate"], generator.describe()["profile"]], [100, null]);
      } else if (at === 30_000) {
        assertEquals(generator.describe()["profile"], "ramp:0..1000/10s");
      }
      assertEquals(generator.describe()["overridden"], at === 20_000);
    }
  };
  const { appended } = await generator.done;
  assertAlmostEquals(marks.get(10_000)!, 5000, 50);
  assertAlmostEquals(marks.get(20_000)! - marks.get(10_000)!, 10_000, 50);
  assertAlmostEquals(marks.get(30_000)! - marks.get(20_000)!, 1000, 50);
  assertAlmostEquals(appended - marks.get(30_000)!, 5000, 50);
});

Deno.test("generator: stopping completes the frame under way and says so", async () => {
  const stop = new AbortController();
  const clock = new FakeClock();
  const generator = await startGenerator({
    log: new MemoryLog(),
    serdes,
    seed: 1,
    clock,
    signal: stop.signal,
  });
  clock.onSleep = (elapsed) => elapsed >= 777 && stop.abort();
  const summary = await generator.done;
  assertEquals([summary.reason, summary.lost], ["stopped", 0]);
  assert(summary.frames - summary.answered < 15, "frames were left without their response");
});

Deno.test("generator: a signal aborted before ends it before it begins", async () => {
  const { summary } = await generate({ signal: AbortSignal.abort(), rate: Infinity });
  assertEquals([summary.reason, summary.sent], ["stopped", 0]);
});

Deno.test("generator: topics are made, taken as they are, and refused when they don't match", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: RS, partitions: 7 }]);
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const logger = { level: "info", error: say, warn: say, info: say, debug: say, plain: say } as const;
  await generate({ log, count: 1, partitions: 3, logger });
  assertEquals((await log.describeTopics([RQ])).get(RQ)!.partitions, 7);
  assert(lines.some((line) => line.includes("--partitions 3, which has no effect")), lines.join("\n"));

  const unequal = new MemoryLog();
  await unequal.createTopics([{ topic: RQ, partitions: 2 }, { topic: RS, partitions: 3 }]);
  await assertRejects(
    () => generate({ log: unequal, count: 1 }),
    Error,
    `${RQ} with 2 and ${RS} with 3 partitions`,
  );
});

Deno.test("generator: wrong settings are refused before anything is written", async () => {
  const log = new MemoryLog();
  await assertRejects(() => startGenerator({ log, serdes, seed: -1 }), RangeError, "-1");
  await assertRejects(() => startGenerator({ log, serdes, machines: 0 }), RangeError, "0");
  await assertRejects(() => startGenerator({ log, serdes, rate: -5 }), RangeError, "-5");
  assertEquals((await log.describeTopics([RQ, RS])).size, 0);
});

/** A producer that keeps everything pending until it is released or fails it. */
class StuckProducer implements Producer {
  readonly counts = { appended: 0, acknowledged: 0, failed: 0 };
  readonly retries: { count: number; last: string | undefined } = { count: 0, last: "connection refused" };
  pendingBytes = 0;
  closed = 0;
  readonly bufferBytes: number;
  #settled = Promise.withResolvers<void>();

  constructor(options: ProducerOptions) {
    this.bufferBytes = options.bufferBytes!;
  }

  append(_topic: string, _partition: number, _timestamp: number, _key: unknown, value: BytesRange | null) {
    this.counts.appended++;
    this.pendingBytes += value!.to;
  }

  async ready(): Promise<void> {
    if (this.pendingBytes > this.bufferBytes) await this.#settled.promise;
  }

  async flush(): Promise<void> {
    if (this.pendingBytes > 0) await this.#settled.promise;
    if (this.counts.failed > 0) {
      throw new ProduceError(
        "Cannot write records (5 of GAME-FRAME-RQ): the broker is gone",
        new Map([[RQ, 5]]),
      );
    }
  }

  begin(): Promise<void> {
    return Promise.reject(new Error("not transactional"));
  }

  commit(): Promise<void> {
    return Promise.reject(new Error("not transactional"));
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  settle(failed: number): void {
    this.counts.failed = failed;
    this.counts.acknowledged = this.counts.appended - failed;
    this.pendingBytes = 0;
    this.#settled.resolve();
    this.#settled = Promise.withResolvers();
  }
}

function stuck(): { log: Log; producer: () => StuckProducer } {
  let made: StuckProducer | undefined;
  return {
    log: withProducer(new MemoryLog(), (options) => made = new StuckProducer(options)),
    producer: () => made!,
  };
}

Deno.test("generator: a slow broker holds it back: what it keeps is bounded", async () => {
  const { log, producer } = stuck();
  const clock = new FakeClock();
  const bufferBytes = 100_000;
  const generator = await startGenerator({
    log,
    serdes,
    seed: 1,
    rate: Infinity,
    clock,
    producer: { bufferBytes },
    count: 10_000,
  });
  let most = 0;
  clock.onSleep = (elapsed) => {
    most = Math.max(most, generator.stats().queuedBytes);
    if (elapsed > 5000) producer().settle(0);
  };
  // The last flush asks for no time.
  const end = setInterval(() => generator.stats().frames === 10_000 && producer().settle(0), 1);
  const summary = await generator.done;
  clearInterval(end);
  assert(most > bufferBytes && most < bufferBytes * 1.5, `${most} bytes were kept`);
  assertEquals(summary.reason, "count");
});

Deno.test("generator: when records are given up it ends and says what was lost", async () => {
  const { log, producer } = stuck();
  const clock = new FakeClock();
  const generator = await startGenerator({ log, serdes, seed: 1, rate: 1000, clock });
  clock.onSleep = (elapsed) => elapsed > 2000 && producer().counts.failed === 0 && producer().settle(5);
  const summary = await generator.done;
  assertEquals([summary.reason, summary.failed], ["failed", 5]);
  assert(summary.lost >= 5);
  assertStringIncludes(summary.lostWhy!, "5 of GAME-FRAME-RQ");
  assertEquals(producer().closed, 1);
});

Deno.test("generator: stopped while the broker is gone it ends within the time to flush", async () => {
  const { log, producer } = stuck();
  const clock = new FakeClock();
  const stop = new AbortController();
  const generator = await startGenerator({
    log,
    serdes,
    seed: 1,
    rate: 1000,
    clock,
    signal: stop.signal,
    flushMs: 4000,
  });
  let stoppedAt = 0;
  clock.onSleep = (elapsed) => {
    if (elapsed >= 1000 && stoppedAt === 0) {
      stoppedAt = elapsed;
      stop.abort();
    }
  };
  const summary = await generator.done;
  assertEquals(summary.reason, "stopped");
  assertEquals(summary.lost, summary.appended);
  assertEquals(summary.lostWhy, "no acknowledgement within 4 s (connection refused)");
  assert(summary.elapsedMs - stoppedAt < 4100);
  assertEquals(producer().closed, 1);
});

Deno.test("generator: ended by its count it waits for the broker, until it is stopped", async () => {
  const { log, producer } = stuck();
  const clock = new FakeClock();
  const generator = await startGenerator({ log, serdes, seed: 1, rate: Infinity, count: 10, clock });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(producer().closed, 0);
  generator.stop();
  const summary = await generator.done;
  assertEquals([summary.reason, summary.frames], ["count", 10]);
  assertEquals(summary.lost, summary.appended);
});
