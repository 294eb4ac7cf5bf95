import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { int64Serde, jsonSerde, type Serde, stringSerde, UnusableSchema } from "../../../src/serde/mod.ts";
import {
  logAndContinue,
  logAndDeadLetter,
  logProcessingErrors,
  ProcessingError,
  StreamsApp,
  StreamsBuilder,
  TopologyError,
  type UnprocessableRecord,
  type UnwritableRecord,
} from "../../../src/engine/mod.ts";
import {
  type CapturedRecord,
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "../../../src/engine/testing/mod.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const text = { key: stringSerde(), value: stringSerde() };
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const silent = { info() {}, warn() {} };

/** Throws at values that are `poison`. */
function taster(value: string): string {
  if (value === "poison") throw new RangeError("no luck");
  return value;
}

/** A dead letter, readable; the stack only as whether there is one. */
function readable({ key, value, timestamp, headers }: CapturedRecord) {
  const decode = (from: Uint8Array | null) => from && new TextDecoder().decode(from);
  return {
    key: decode(key),
    value: decode(value),
    timestamp,
    headers: Object.fromEntries(
      headers.map(({ key, value }) => [
        key.replace("__streams.errors.", ""),
        key.endsWith("stacktrace") ? value !== null : decode(value),
      ]),
    ),
  };
}

const where = (offset: number, topic = "in") => ({
  topic,
  partition: "0",
  offset: String(offset),
  "kos.errors.task": "0_0",
});

Deno.test("an undecodable record becomes a dead letter: its bytes and headers, and why", async () => {
  const builder = new StreamsBuilder();
  const numbers = { key: stringSerde(), value: int64Serde() };
  builder.stream("in", numbers).to("out", numbers);
  const lines: string[] = [];
  const driver = await TopologyTestDriver.create(builder.build(), {
    onUndecodable: logAndDeadLetter("dead", { info() {}, warn: (line) => lines.push(line) }, () => 0),
    deadLetterTopics: ["dead"],
  });
  driver.pipe("in", "k", 1, 1);
  driver.pipeBytes("in", bytes("key"), bytes("bad"), 2, [
    { key: "trace", value: bytes("7") },
    { key: "__streams.errors.topic", value: bytes("an earlier life") },
  ]);
  driver.pipe("in", "k", 3, 3);
  assertEquals(driver.read("out").map(({ value }) => value), [1, 3]);
  const [letter, ...more] = driver.readBytes("dead").map(readable);
  assertEquals(more, []);
  const { message, ...headers } = letter!.headers;
  assertEquals({ ...letter, headers }, {
    key: "key",
    value: "bad",
    timestamp: 2,
    headers: { trace: "7", exception: "DeserializationError", stacktrace: true, ...where(1) },
  });
  assertEquals(lines, [
    `Sent to dead the record at offset 1 of in-0: its value is undecodable: ${message}`,
  ]);
  assertEquals(driver.stats.dropped.undecodable, 1);
  assertEquals(driver.stats.deadLettered, { dead: 1 });
  assertEquals(driver.stats.processed, 3);
});

Deno.test("a schema with which no record can be read stops the application by default, and can be dead letters", async () => {
  const unusable: Serde<string> = {
    ...stringSerde(),
    decode() {
      throw new UnusableSchema("Cannot decode a Score: it was written with the registry's schema 7");
    },
  };
  const builder = new StreamsBuilder();
  builder.stream("in", { key: stringSerde(), value: unusable }).to("out", text);
  const logger = { info() {}, warn() {} };
  const strict = await TopologyTestDriver.create(builder.build(), {
    onUndecodable: logAndContinue(logger, () => 0),
  });
  assertThrows(
    () => strict.pipeBytes("in", bytes("k"), bytes("v"), 1),
    ProcessingError,
    "the registry's schema 7; nothing after it was processed; give the topic's serde a schema that can read it",
  );
  const lenient = await TopologyTestDriver.create(builder.build(), {
    onUndecodable: logAndDeadLetter("dead", logger, () => 0),
    deadLetterTopics: ["dead"],
  });
  lenient.pipeBytes("in", bytes("k"), bytes("v"), 1);
  assertEquals(lenient.stats.deadLettered, { dead: 1 });
});

async function tasted(options: TopologyTestDriverOptions): Promise<TopologyTestDriver> {
  const builder = new StreamsBuilder();
  const words = builder.stream("in", text).flatMapValues((value) => value.split(" "));
  words.to("before", text);
  words.mapValues(taster).to("after", text);
  words.to("beside", text);
  return await TopologyTestDriver.create(builder.build(), options);
}

Deno.test("a record that a processor throws at is dropped there: what others got of it stays, as in Kafka Streams", async () => {
  const asked: UnprocessableRecord[] = [];
  const driver = await tasted({
    onProcessingError: (record) => {
      asked.push(record);
      return "continue";
    },
  });
  driver.pipe("in", "k", "a poison b", 5);
  const values = (topic: string) => driver.read(topic).map(({ value }) => value);
  assertEquals(values("before"), ["a", "poison", "b"]);
  assertEquals(values("after"), ["a", "b"]);
  assertEquals(values("beside"), ["a", "poison", "b"]);
  assertEquals(asked.map(({ error, ...rest }) => ({ ...rest, error: String(error) })), [{
    taskId: "0_0",
    processor: "KSTREAM-MAPVALUES-0000000003",
    topic: "in",
    partition: 0,
    offset: 0,
    timestamp: 5,
    key: "k",
    value: "poison",
    error: "RangeError: no luck",
  }]);
  assertEquals(driver.stats.dropped.processing_error, 1);
  assertEquals(driver.stats.processed, 1);
});

Deno.test("a dead letter of a processing error is the input record, with its key", async () => {
  const driver = await tasted({
    onProcessingError: logProcessingErrors(silent, () => 0, "dead"),
    deadLetterTopics: ["dead"],
  });
  driver.pipe("in", "k", "fine", 4);
  driver.pipe("in", "k", "a poison b", 5, [{ key: "trace", value: null }]);
  assertEquals(driver.readBytes("dead").map(readable), [{
    key: "k",
    value: "a poison b",
    timestamp: 5,
    headers: { trace: null, exception: "RangeError", message: "no luck", stacktrace: true, ...where(1) },
  }]);
});

Deno.test("an aggregate that was changed in place by an aggregator that then threw is not seen", async () => {
  const builder = new StreamsBuilder();
  const lists = { key: stringSerde(), value: jsonSerde<string[]>() };
  builder.stream("in", text).groupByKey(text).aggregate(() => [] as string[], (_key, value, list) => {
    list.push(value);
    taster(value);
    return list;
  }, { value: lists.value, name: "lists" }).toStream().to("out", lists);
  const driver = await TopologyTestDriver.create(builder.build(), { onProcessingError: () => "continue" });
  for (const value of ["a", "poison", "b"]) driver.pipe("in", "k", value, 1);
  assertEquals(driver.read<string, string[]>("out").map(({ value }) => value), [["a"], ["a", "b"]]);
  assertEquals(driver.store("lists").get("k"), ["a", "b"]);
});

Deno.test("a handler can fail, throw, or name a topic that was not set: each ends the task with the record's place", async () => {
  const place = "Cannot process the record at offset 0 of in-0 in task 0_0";
  for (
    const [answer, message] of [
      [() => "fail" as const, `${place}: KSTREAM-MAPVALUES-0000000003 threw: no luck`],
      [() => {
        throw new Error("handler's own");
      }, `${place}: its handler threw: handler's own`],
      [
        () => ({ deadLetter: "elsewhere" }),
        "Cannot send a dead letter to elsewhere: received a topic that is not one of deadLetterTopics (dead)",
      ],
    ] as const
  ) {
    const driver = await tasted({ onProcessingError: answer, deadLetterTopics: ["dead"] });
    assertThrows(() => driver.pipe("in", "k", "poison", 1), ProcessingError, message);
    assertEquals(driver.stats.dropped.processing_error, 0);
  }
});

Deno.test("a punctuator that throws is asked about too, and stays scheduled", async () => {
  const builder = new StreamsBuilder();
  let calls = 0;
  builder.stream("in", text).process(() => ({
    init(context) {
      context.schedule(10, "wall-clock-time", () => {
        if (++calls % 2 === 1) throw new Error("not now");
      });
    },
    process() {},
  }));
  const driver = await TopologyTestDriver.create(builder.build(), {
    onProcessingError: ({ topic, offset, partition, processor }) => {
      assertEquals([topic, partition, offset, processor], [undefined, -1, -1, undefined]);
      return { deadLetter: "dead" };
    },
    deadLetterTopics: ["dead"],
  });
  for (let i = 0; i < 4; i++) driver.advanceTime(10);
  assertEquals(calls, 4);
  assertEquals(driver.stats.dropped.processing_error, 2);
  assertEquals(driver.readBytes("dead").map(({ timestamp, key }) => [timestamp, key]), [[10, null], [
    30,
    null,
  ]]);
});

/** Can't encode `poison`. */
const picky: Serde<string> = {
  ...stringSerde(),
  encode: (value, into, at) => text.value.encode(taster(value), into, at),
};

Deno.test("what a sink can't encode goes by the production handler, not by that of processing errors", async () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  stream.to("out", { key: stringSerde(), value: picky });
  stream.to("all", text);
  const asked: UnwritableRecord[] = [];
  const onProcessingError = () => {
    throw new Error("not a processing error");
  };
  const driver = await TopologyTestDriver.create(builder.build(), {
    onProcessingError,
    onProductionError: (record) => {
      asked.push(record);
      return { deadLetter: "dead" };
    },
    deadLetterTopics: ["dead"],
  });
  for (const [i, value] of ["a", "poison", "b"].entries()) driver.pipe("in", "k", value, i);
  assertEquals(driver.read("out").map(({ value }) => value), ["a", "b"]);
  assertEquals(driver.read("all").map(({ value }) => value), ["a", "poison", "b"]);
  assertEquals(asked.map(({ error: _, ...rest }) => rest), [
    { taskId: "0_0", topic: "out", reason: "unencodable", timestamp: 1 },
  ]);
  assertEquals(driver.readBytes("dead").map(readable), [{
    key: "k",
    value: "poison",
    timestamp: 1,
    headers: { exception: "RangeError", message: "no luck", stacktrace: true, ...where(1) },
  }]);
  assertEquals(driver.stats.dropped.production_error, 1);

  const strict = await TopologyTestDriver.create(builder.build(), { onProcessingError });
  assertThrows(
    () => strict.pipe("in", "k", "poison", 1),
    ProcessingError,
    "Cannot encode what came of the record at offset 0 of in-0 for out in task 0_0: no luck",
  );
});

Deno.test("undecodable records among others change nothing of the others' order", async () => {
  const { below } = seededRandom();
  const builder = new StreamsBuilder();
  const numbers = { key: stringSerde(), value: int64Serde() };
  builder.stream("left", numbers).merge(builder.stream("right", numbers)).to("out", numbers);
  const topology = builder.build();
  const records = Array.from({ length: 300 }, (_, i) => ({
    topic: below(2) === 0 ? "left" : "right",
    time: below(1000),
    bad: below(4) === 0,
    value: i,
  }));
  const run = async (wanted: typeof records): Promise<unknown[]> => {
    const driver = await TopologyTestDriver.create(topology, { onUndecodable: () => "continue" });
    for (const { topic, time, bad, value } of wanted) {
      if (bad) driver.pipeBytes(topic, null, bytes("bad"), time);
      else driver.pipe(topic, "k", value, time);
    }
    return driver.read("out");
  };
  assertEquals(await run(records), await run(records.filter(({ bad }) => !bad)));
});

Deno.test("a topic that the topology reads takes no dead letters", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 3 }, { topic: "out", partitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  const app = (deadLetterTopics: string[]): StreamsApp =>
    new StreamsApp(builder.build(), log, { applicationId: "a", deadLetterTopics });
  await assertRejects(() => app(["in"]).start(), TopologyError, "Cannot send dead letters to in: received");
  const started = app(["dead"]);
  await started.start();
  assertEquals((await log.describeTopics(["dead"])).get("dead")?.partitions, 3);
  await started.close();
  await log.close();
});
