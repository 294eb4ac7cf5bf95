/** What one record gives is held back by the producer too: steps pause amid it, and what comes out stays the same. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SchemaNotLoaded, type Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  JoinWindows,
  ProcessingError,
  StreamsApp,
  StreamsBuilder,
  TimeWindows,
  type Topology,
} from "../../../src/engine/mod.ts";
import { bindSerdes } from "../../../src/engine/topology/bound_topology.ts";
import { type Handlers, logAndFail } from "../../../src/engine/record/handlers.ts";
import { BUFFER_BYTES } from "../../../src/engine/task/output_bounds.ts";
import { EngineStats } from "../../../src/engine/record/stats.ts";
import { Task } from "../../../src/engine/task/task.ts";
import { CapturingProducer } from "../../../src/engine/testing/capturing_producer.ts";
import type { Producer, ProducerOptions } from "../../../src/kafka/port/producer.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { pushText, type TextRecord } from "./text_record.ts";

const text = { key: stringSerde(), value: stringSerde() };
const joined = { ...text, otherValue: stringSerde() };
const windows = JoinWindows.ofTimeDifferenceAndGrace(20, 10);
type Joiner = (left: string | null, right: string | null) => string;
const both: Joiner = (left, right) => `${left}+${right}`;
const bothOrThrow: Joiner = (left, right) => {
  if (right?.endsWith("7")) throw new Error(`${left} meets ${right}`);
  return both(left, right);
};

/** A producer that is full when a test says so. */
class ChokingProducer extends CapturingProducer {
  constructor(readonly choke: () => boolean) {
    super();
  }
  override append(...record: Parameters<Producer["append"]>): void {
    super.append(...record);
    this.pendingBytes = this.choke() ? 1 : 0;
  }
}

/** A task with one partition of everything, whose producer chokes now and then. */
class Harness {
  readonly producer: ChokingProducer;
  readonly stats = new EngineStats();
  readonly task: Task;
  #offset = 0;

  private constructor(task: Task, producer: ChokingProducer) {
    this.task = task;
    this.producer = producer;
  }

  static async of(
    topology: Topology,
    choke: () => boolean,
    handlers: Partial<Handlers> = {},
    failsAbove = Infinity,
  ): Promise<Harness> {
    const bound = await bindSerdes(topology, "app", () => 1);
    const task = new Task(bound, bound.subtopologies[0]!, 0, {
      stats: new EngineStats(),
      now: () => 0,
      handlers: { onUndecodable: logAndFail(), deadLetters: new Map(), ...handlers },
      outputBounds: { pausesAbove: 0, failsAbove },
    });
    const producer = new ChokingProducer(choke);
    task.context.producer = producer;
    task.context.outerJoinIntervalMs = 0;
    task.start(new Map(task.inputs.map(({ topic }) => [topic, 0])));
    return new Harness(task, producer);
  }

  push(record: TextRecord): void {
    pushText(this.task, record, this.#offset++);
  }

  /** Lets the task process as long as it pauses only because the producer is full, which is then emptied. Returns how often it paused. */
  drain(): number {
    let pauses = 0;
    do {
      this.producer.pendingBytes = 0;
      this.task.process(1_000_000);
      if (this.task.paused) pauses++;
    } while (this.task.heldBack || (this.task.paused && this.task.blockedBy === undefined));
    return pauses;
  }

  feed(records: readonly TextRecord[]): number {
    let pauses = 0;
    for (const record of records) {
      // The other partitions are at their ends.
      for (const queue of this.task.queues) queue.endOffset = queue.position;
      this.push(record);
      pauses += this.drain();
    }
    return pauses;
  }

  output(): [string, string, string][] {
    const show = (bytes: Uint8Array | null): string =>
      bytes === null ? "null" : new TextDecoder().decode(bytes);
    return this.producer.takeNew(() => true).map(({ topic, key, value, timestamp }) => [
      topic,
      show(key),
      `${show(value)}@${timestamp}`,
    ]);
  }
}

const TOPOLOGIES: Record<string, (both: Joiner) => StreamsBuilder> = {
  "a join, several values of each, an aggregate and two sinks": (both) => {
    const builder = new StreamsBuilder();
    const counts = builder.stream("left", text).join(builder.stream("right", text), both, windows, joined)
      .flatMapValues((value) => [...value.slice(0, 5)]).groupByKey(text)
      .aggregate(() => "", (_key, value, sum) => sum + value, { value: text.value }).toStream();
    counts.to("out", text);
    counts.filter((_key, value) => value!.length % 2 === 0).to("even", text);
    return builder;
  },
  "a stream joined with itself, and a sink beside": (both) => {
    const builder = new StreamsBuilder();
    const stream = builder.stream("left", text);
    stream.join(stream, both, windows, joined).to("out", text);
    stream.mapValues((value) => value + "!").to("beside", text);
    return builder;
  },
  "a left join, an outer join of that and a merge": (both) => {
    const builder = new StreamsBuilder();
    const left = builder.stream("left", text);
    const right = builder.stream("right", text);
    const once = left.leftJoin(right, both, windows, joined);
    once.outerJoin(right, both, windows, joined).merge(left).to("out", text);
    return builder;
  },
  "lazy values, and a window's aggregate": (both) => {
    const builder = new StreamsBuilder();
    builder.stream("left", text).join(builder.stream("right", text), both, windows, joined)
      .flatMapValues(function* (value) {
        for (const each of value) yield each;
      }).groupByKey(text).windowedBy(TimeWindows.ofSizeAndGrace(20, 10).advanceBy(5))
      .aggregate(() => "", (_key, value, sum) => sum + value, { value: text.value })
      .toStream().map((windowed, value) => [windowed.key, value ?? ""] as const)
      .flatMapValues((value) => [value, value.toUpperCase()]).to("out", text);
    return builder;
  },
  "a processor that forwards several times, before a step that could pause": () => {
    const builder = new StreamsBuilder();
    builder.stream("left", text).process<string | null, string>(() => {
      let forward: (record: { key: string | null; value: string; timestamp: number }) => void;
      return {
        init: (context) => void (forward = (record) => context.forward(record)),
        process({ key, value, timestamp }) {
          for (let i = 0; i < 3; i++) forward({ key, value: value + i, timestamp });
        },
      };
    }).flatMapValues((value) => [...value]).to("out", text);
    return builder;
  },
};

for (const [name, make] of Object.entries(TOPOLOGIES)) {
  for (const handled of [false, true]) {
    Deno.test(`pauses change nothing of what comes out: ${name}${handled ? ", with a handler of errors" : ""}`, async () => {
      const { random, below } = seededRandom();
      const topology = (): Topology => make(handled ? bothOrThrow : both).build();
      const handlers = handled ? { onProcessingError: () => "continue" as const } : {};
      const plain = await Harness.of(topology(), () => false, handlers);
      const choking = await Harness.of(topology(), () => random() < 0.4, handlers);
      const topics = plain.task.inputs.map(({ topic }) => topic);
      const records: TextRecord[] = Array.from({ length: 300 }, (_, i) => ({
        topic: topics[below(topics.length)]!,
        key: `k${below(3)}`,
        value: `${below(1000)}`,
        timestamp: 1000 + i + below(15),
      }));
      assertEquals(plain.feed(records), 0);
      const pauses = choking.feed(records);
      assertEquals(choking.output(), plain.output());
      if (!name.startsWith("a processor")) assert(pauses > 20, `it paused ${pauses} times`);
    });
  }
}

Deno.test("a handler of errors decides about what a step throws after a pause too", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).flatMapValues(function* (value) {
    for (const each of value) {
      if (each === "3") throw new Error("three");
      yield each;
    }
  }).to("out", text);
  const asked: unknown[] = [];
  const harness = await Harness.of(builder.build(), () => true, {
    onProcessingError: ({ offset, key, value, error }) => {
      asked.push([offset, key, value, (error as Error).message]);
      return "continue";
    },
  });
  harness.feed([
    { topic: "in", key: "k", value: "1234", timestamp: 1 },
    { topic: "in", key: "k", value: "56", timestamp: 2 },
  ]);
  assertEquals(asked, [[0, "k", "1234", "three"]]);
  assertEquals(harness.output().map(([, , value]) => value), ["1@1", "2@1", "5@2", "6@2"]);
});

Deno.test("a schema that is missing after a pause is waited for, and nothing is written twice", async () => {
  let known = false;
  const value: Serde<string> = {
    ...stringSerde(),
    encode: (each, into, at) => stringSerde().encode(each, into, at),
    decode: (bytes, from, to) => {
      const each = stringSerde().decode(bytes, from, to);
      if (each === "r2" && !known) throw new SchemaNotLoaded("r2", () => Promise.resolve());
      return each;
    },
  };
  const builder = new StreamsBuilder();
  builder.stream("left", text).join(builder.stream("right", text), both, windows, {
    ...joined,
    otherValue: value,
  }).to("out", text);
  const harness = await Harness.of(builder.build(), () => true);
  harness.feed(["r1", "r2", "r3"].map((each) => ({ topic: "right", key: "k", value: each, timestamp: 1 })));
  harness.output();
  harness.feed([{ topic: "left", key: "k", value: "l", timestamp: 1 }]);
  assert(harness.task.blockedBy !== undefined && harness.task.paused);
  assertEquals(harness.output().filter(([topic]) => topic === "out").length, 1);
  known = true;
  harness.task.unblock();
  harness.drain();
  assertEquals(harness.output().filter(([topic]) => topic === "out").map(([, , each]) => each), [
    "l+r2@1",
    "l+r3@1",
  ]);
});

Deno.test("amid a record a task commits what is before it", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).flatMapValues((value) => [...value]).to("out", text);
  const harness = await Harness.of(builder.build(), () => true);
  harness.feed([{ topic: "in", key: "k", value: "12", timestamp: 1 }]);
  harness.push({ topic: "in", key: "k", value: "345", timestamp: 1 });
  assertEquals([harness.task.process(10), harness.task.paused], [0, true]);
  assertEquals(harness.task.uncommitted(), [{ topic: "in", partition: 0, offset: 1 }]);
  // Full still: it does nothing.
  harness.output();
  assertEquals([harness.task.process(10), harness.output().length], [0, 0]);
  harness.drain();
  assertEquals(harness.task.uncommitted(), [{ topic: "in", partition: 0, offset: 2 }]);
});

Deno.test("a commit that has to wait for the end of a record comes before the next one", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).flatMapValues((value) => [...value]).to("out", text);
  const harness = await Harness.of(builder.build(), () => true);
  for (const value of ["12", "34"]) harness.push({ topic: "in", key: "k", value, timestamp: 1 });
  harness.task.process(10);
  assertEquals(harness.task.paused, true);
  harness.task.commitWanted = true;
  const { pauses, commitWaits } = harness.task.progress(() => 2);
  assertEquals([pauses, commitWaits], [1, true]);
  harness.drain();
  assertEquals(harness.output().map(([, , value]) => value), ["1@1", "2@1"]);
  assertEquals(harness.task.uncommitted(), [{ topic: "in", partition: 0, offset: 1 }]);
  harness.drain();
  assertEquals(harness.output().map(([, , value]) => value), ["3@1", "4@1"]);
});

Deno.test("where nothing may pause, a step that says so too does not end that", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  const { task: { context }, producer } = await Harness.of(builder.build(), () => true);
  producer.pendingBytes = 1;
  assertEquals(context.full, true);
  context.unpaused(() => {
    context.unpaused(() => {});
    assertEquals(context.full, false);
  });
  assertEquals(context.full, true);
});

Deno.test("a step that can't pause fails the application before memory is full, and names the record and the remedy", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).process<string | null, string>(() => {
    let forward: (value: string) => void;
    return {
      init: (context) => void (forward = (value) => context.forward({ key: "k", value, timestamp: 1 })),
      process: ({ value }) => {
        for (let i = 0; i < 1000; i++) forward(value);
      },
    };
  }).to("out", text);
  const harness = await Harness.of(builder.build(), () => false, {}, 500);
  harness.producer.append = () => void (harness.producer.pendingBytes += 100);
  harness.push({ topic: "in", key: "the key", value: "v", timestamp: 1 });
  const error = await assertRejects(
    async () => await Promise.resolve(harness.task.process(1)),
    ProcessingError,
    'Cannot process the record at offset 0 of in-0 in task 0_0, whose key is "the key": received outputs, the last one for out, ' +
      "of which 600 bytes wait for the log; allowed are 500",
  );
  assert(error.message.includes("recordOutputMaxBytes"));
});

/** A log that notes how much its producers ever held. */
class MeasuredLog extends MemoryLog {
  most = 0;
  override producer(options?: ProducerOptions): Producer {
    const producer = super.producer(options);
    const append = producer.append.bind(producer);
    producer.append = (...record): void => {
      append(...record);
      this.most = Math.max(this.most, producer.pendingBytes);
    };
    return producer;
  }
}

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`a record that gives much more than the producer may hold goes through with little memory: ${processingGuarantee}`, async () => {
    const log = new MeasuredLog();
    await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
    const value = "x".repeat(100_000);
    const builder = new StreamsBuilder();
    builder.stream("in", text).flatMapValues(function* () {
      for (let i = 0; i < 600; i++) yield value;
    }).to("out", text);
    const producer = log.producer();
    const bytes = new TextEncoder().encode("v");
    for (let i = 0; i < 2; i++) {
      producer.append("in", 0, 1, { bytes, from: 0, to: 1 }, { bytes, from: 0, to: 1 });
    }
    await producer.flush();
    const app = new StreamsApp(builder.build(), log, { applicationId: "fan", processingGuarantee });
    await app.start();
    while (app.stats.processed < 2 && app.state === "running") await new Promise((go) => setTimeout(go, 5));
    await app.close();
    assertEquals(
      await log.offsets([{ topic: "out", partition: 0 }], "latest").then(([end]) => end! >= 1200),
      true,
    );
    assert(log.most < 1.25 * BUFFER_BYTES + 1_000_000, `${log.most} bytes pending`);
    await producer.close();
    await log.close();
  });
}

Deno.test("a task whose records fill the producer each time does not keep the others from it", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 2 }, { topic: "out", partitions: 2 }]);
  const writer = log.producer();
  const value = new TextEncoder().encode("ab");
  const MANY = 2_000;
  for (let i = 0; i < MANY; i++) {
    writer.append("in", 0, 0, { bytes: value, from: 0, to: 1 }, { bytes: value, from: 0, to: 1 });
  }
  writer.append("in", 1, 0, { bytes: value, from: 1, to: 2 }, { bytes: value, from: 1, to: 2 });
  await writer.flush();
  const written: number[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  const full = BUFFER_BYTES * 1.5;
  let pendingBytes = full;
  const producer = (options?: ProducerOptions): Producer =>
    new Proxy(log.producer(options), {
      get(of, name) {
        if (name === "pendingBytes") return pendingBytes;
        if (name === "append") {
          return (...record: Parameters<Producer["append"]>) => {
            written.push(record[3]!.bytes[record[3]!.from]!);
            pendingBytes = full;
            of.append(...record);
          };
        }
        if (name === "ready") {
          return async () => {
            while (app.tasks.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
            pendingBytes = 0;
          };
        }
        const member = Reflect.get(of, name, of);
        return typeof member === "function" ? member.bind(of) : member;
      },
    });
  const seen = new Proxy(log, {
    get(of, name) {
      if (name === "producer") return producer;
      const member = Reflect.get(of, name, of);
      return typeof member === "function" ? member.bind(of) : member;
    },
  });
  const app: StreamsApp = new StreamsApp(builder.build(), seen, { applicationId: "fair" });
  await app.start();
  while (written.length < MANY + 1) await new Promise((resolve) => setTimeout(resolve, 1));
  await app.close();
  await writer.close();
  await log.close();
  const other = written.indexOf("b".charCodeAt(0));
  assert(other < MANY / 2, `the other task's record came after ${other}`);
});
