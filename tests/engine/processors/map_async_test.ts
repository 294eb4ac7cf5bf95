import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type AsyncOptions,
  ProcessingError,
  StreamsBuilder,
  TimeWindows,
  type Topology,
  TopologyError,
} from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import { settleCalls } from "../../../src/engine/task/settle_calls.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { Desk, taskOf } from "../task/async_task.ts";

const text = { key: stringSerde(), value: stringSerde() };

function asking(desk: Desk, options: AsyncOptions = {}): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValuesAsync(desk.work, options).to("out", text);
  return builder.build();
}

function outputs(driver: TopologyTestDriver): [string, number][] {
  return driver.read<string, string>("out").map(({ value, timestamp }) => [value, timestamp]);
}

Deno.test("results go on in the order of their records, whichever is there first, with their times and headers", async () => {
  const desk = new Desk();
  const driver = await TopologyTestDriver.create(asking(desk));
  const headers = ["a", "b", "c"].map((key) => [{ key, value: new Uint8Array([7]) }]);
  for (const [i, value] of ["a", "b", "c"].entries()) driver.pipe("in", "k", value, 10 - i, headers[i]!);
  await desk.end("c");
  await desk.end("b");
  assertEquals(driver.read("out"), []);
  await desk.end("a");
  await driver.settled();
  assertEquals(
    driver.read("out"),
    ["A", "B", "C"].map((value, i) => ({ key: "k", value, timestamp: 10 - i, headers: headers[i]! })),
  );
  driver.close();
});

Deno.test("as many records as it may are under way at once, whatever one record gives before the step", async () => {
  const desk = new Desk();
  const builder = new StreamsBuilder();
  builder.stream("in", text).flatMapValues((value) => value.split(" "))
    .mapValuesAsync(desk.work, { concurrency: 2 }).to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "k", "a b c", 1);
  driver.pipe("in", "k", "d", 2);
  assertEquals(desk.begun, ["a", "b"]);
  await desk.end("b");
  assertEquals(desk.begun, ["a", "b", "c"]);
  await desk.end("a");
  await desk.end("c");
  const settled = driver.settled();
  assertEquals(desk.begun, ["a", "b", "c", "d"]);
  await desk.end("d");
  await settled;
  assertEquals(outputs(driver), [["A", 1], ["B", 1], ["C", 1], ["D", 2]]);
  assertEquals(desk.most, 2);
  driver.close();
});

Deno.test("a rejected promise ends the application with the step and the record, those before it have gone on", async () => {
  const desk = new Desk();
  const driver = await TopologyTestDriver.create(asking(desk, { name: "ask" }));
  for (const value of ["a", "b", "c"]) driver.pipe("in", "k", value, 1);
  await desk.end("b", new Error("no such thing"));
  await desk.end("c");
  const settled = driver.settled();
  await desk.end("a");
  await assertRejects(
    () => settled,
    ProcessingError,
    "Cannot process the record at offset 1 of in-0 in task 0_0: ask threw: no such thing",
  );
  assertEquals(outputs(driver), [["A", 1]]);
  driver.close();
});

Deno.test("the processing handler drops a rejected record, or sends it as it came in to the dead letters, in its turn", async () => {
  const seen: unknown[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValues((value) => `${value}!`).mapValuesAsync((value) => {
    if (value.startsWith("throw")) throw new Error("at once");
    return value.startsWith("bad") ? Promise.reject(new Error(value)) : Promise.resolve(value);
  }, { name: "ask" }).to("out", text);
  const driver = await TopologyTestDriver.create(builder.build(), {
    deadLetterTopics: ["dead"],
    onProcessingError: ({ processor, offset, value, error }) => {
      seen.push([processor, offset, value, (error as Error).message]);
      return value === "bad 2!" ? { deadLetter: "dead" } : "continue";
    },
  });
  for (const [i, value] of ["a", "bad 1", "throw", "bad 2", "b"].entries()) driver.pipe("in", "k", value, i);
  await driver.settled();
  assertEquals(outputs(driver), [["a!", 0], ["b!", 4]]);
  assertEquals(seen, [["ask", 1, "bad 1!", "bad 1!"], ["ask", 2, "throw!", "at once"], [
    "ask",
    3,
    "bad 2!",
    "bad 2!",
  ]]);
  const [letter] = driver.readBytes("dead");
  assertEquals(new TextDecoder().decode(letter!.value!), "bad 2");
  assertEquals(letter!.timestamp, 3);
  assertEquals(driver.stats.dropped.processing_error, 3);
  driver.close();
});

Deno.test("what throws after the step is an error of the record that is going on", async () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text).mapValuesAsync((value) => Promise.resolve(value));
  stream.mapValues((value) => {
    if (value === "b") throw new Error("not b");
    return value;
  }).to("out", text);
  const topology = builder.build();
  const strict = await TopologyTestDriver.create(topology);
  for (const value of ["a", "b"]) strict.pipe("in", "k", value, 1);
  await assertRejects(() => strict.settled(), ProcessingError, "the record at offset 1 of in-0 in task 0_0");
  strict.close();
  const offsets: number[] = [];
  const lenient = await TopologyTestDriver.create(topology, {
    onProcessingError: ({ offset }) => {
      offsets.push(offset);
      return "continue";
    },
  });
  for (const value of ["a", "b", "c"]) lenient.pipe("in", "k", value, 1);
  await lenient.settled();
  assertEquals([outputs(lenient), offsets], [[["a", 1], ["c", 1]], [1]]);
  lenient.close();
});

Deno.test("a promise that is not settled in time is an error that names the step, and its work is told to end", async () => {
  const desk = new Desk();
  const driver = await TopologyTestDriver.create(asking(desk, { timeoutMs: 1, name: "ask" }));
  driver.pipe("in", "k", "a", 1);
  await assertRejects(
    () => driver.settled(),
    ProcessingError,
    "Cannot process the record at offset 0 of in-0 in task 0_0: ask threw: its promise was not settled within 1 ms",
  );
  assertEquals(desk.aborted, ["a"]);
  driver.close();
});

Deno.test("a task that ends tells the work to end, and hears of it no more", async () => {
  const desk = new Desk();
  const driver = await TopologyTestDriver.create(asking(desk));
  driver.pipe("in", "k", "a", 1);
  driver.pipe("in", "k", "b", 1);
  await desk.end("a");
  driver.close();
  assertEquals(desk.aborted, ["b"]);
  await desk.end("b", new Error("aborted"));
  assertEquals(outputs(driver), []);
});

Deno.test("mapAsync changes keys, so that grouping repartitions; what is no pair is an error of the step", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text)
    .mapAsync((key, value) =>
      Promise.resolve(value === "odd" ? value as unknown as [string, string] : [value, `${key}`])
    )
    .groupByKey(text).count().toStream().to("out", { key: stringSerde(), value: int64Serde() });
  const topology = builder.build();
  assertEquals([...topology.repartitionTopics.keys()].length, 1);
  const errors: unknown[] = [];
  const driver = await TopologyTestDriver.create(topology, {
    onProcessingError: ({ error }) => {
      errors.push((error as Error).message);
      return "continue";
    },
  });
  for (const value of ["x", "odd", "x"]) driver.pipe("in", "k", value, 1);
  await driver.settled();
  assertEquals(driver.read("out").map(({ key, value }) => [key, value]), [["x", 1], ["x", 2]]);
  assertEquals(errors, ["its promise gave string; it must give a list of two, [key, value]"]);
  driver.close();
});

Deno.test("what a punctuator forwards, and what windows give after the step, go through in order", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).process<string, string>(() => {
    const held: string[] = [];
    return {
      init(context) {
        context.schedule(100, "wall-clock-time", (timestamp) => {
          for (const value of held.splice(0)) context.forward({ key: "k", value, timestamp });
        });
      },
      process: ({ value }) => void held.push(value),
    };
  })
    .mapValuesAsync((value) => Promise.resolve(value.length))
    .repartition({ name: "again", key: stringSerde(), value: int64Serde() })
    .groupByKey({ key: stringSerde(), value: int64Serde() })
    .windowedBy(TimeWindows.ofSizeAndGrace(1000, 0))
    .reduce((sum, value) => sum + value).toStream().map((window, value) => [window.key, `${value}`])
    .to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  for (const value of ["a", "bb", "ccc"]) driver.pipe("in", "k", value, 1);
  driver.advanceTime(100);
  await driver.settled();
  assertEquals(outputs(driver), [["1", 100], ["3", 100], ["6", 100]]);
  driver.close();
});

Deno.test("options that can't be are refused when the step is added", () => {
  const add = (options: AsyncOptions) => () => asking(new Desk(), options);
  const least = "it must be a whole number of at least 1";
  for (const concurrency of [0, -1, 1.5, NaN, Infinity, "2" as unknown as number]) {
    assertThrows(
      add({ concurrency }),
      TopologyError,
      `Cannot add mapValuesAsync: received concurrency ${concurrency}; ${least}`,
    );
  }
  for (const timeoutMs of [0, Infinity, 600_001]) {
    assertThrows(
      add({ timeoutMs }),
      TopologyError,
      `received timeoutMs ${timeoutMs}; it must be a whole number from`,
    );
  }
});

const at = (offset: number) => [{ topic: "in", partition: 0, offset }];

Deno.test("what is committed stays before the oldest record that has not come out, through two steps", async () => {
  const [first, second] = [new Desk(), new Desk()];
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValuesAsync(first.work).mapValuesAsync(second.work).to("out", text);
  const { task, push, output } = await taskOf(builder.build());
  for (const value of ["a", "b", "c"]) push(value);
  assertEquals(task.process(100), 3);
  assertEquals(task.uncommitted(), []);
  await first.end("b");
  await first.end("a");
  task.process(100);
  assertEquals([task.tookResults, second.begun, task.uncommitted()], [true, ["A", "B"], []]);
  await second.end("B");
  await second.end("A");
  task.process(100);
  assertEquals([output(), task.uncommitted()], [["A", "B"], at(2)]);
  task.committed(at(2));
  await first.end("c");
  task.process(100);
  await second.end("C");
  assertEquals(task.uncommitted(), []);
  task.process(100);
  assertEquals([output(), task.uncommitted(), task.calling], [["C"], at(3), false]);
  task.close();
});

Deno.test("a task takes no more records than may be under way, and goes on as they come out", async () => {
  const desk = new Desk();
  const { task, push, output } = await taskOf(asking(desk, { concurrency: 2 }));
  for (const value of ["a", "b", "c", "d"]) push(value);
  assertEquals([task.process(100), desk.begun], [2, ["a", "b"]]);
  await desk.end("a");
  assertEquals([task.process(100), desk.begun, output()], [1, ["a", "b", "c"], ["A"]]);
  task.close();
});

Deno.test("a task says which step it waits for, and at which record: who watches it can tell a stall's cause", async () => {
  const desk = new Desk();
  const { task, push } = await taskOf(asking(desk, { name: "ask", concurrency: 3 }));
  for (const value of ["a", "b"]) push(value);
  task.process(100);
  const { waitsFor, pauses, callTimeoutMs, inputs } = task.progress(() => 2);
  // What can be committed is: the two that are under way are no commit that is missing.
  assertEquals([callTimeoutMs, inputs.map(({ processedTo }) => processedTo)], [10_000, [0]]);
  assertEquals(waitsFor, "for 2 promises of ask, the oldest of the record at offset 0 of in-0 in task 0_0");
  await desk.end("a");
  task.process(100);
  assertEquals(task.progress(() => 2).pauses, pauses + 1);
  task.close();
});

Deno.test("what a cache holds back is waited for before a commit: nothing of it is lost after a crash", async () => {
  const desk = new Desk();
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ name: "counts" }).toStream()
    .mapValuesAsync((count, key, signal) => desk.work(`${count}`, key, signal)).to("out", text);
  const { task, push, output } = await taskOf(builder.build(), 10_000);
  for (const value of ["a", "b"]) push(value);
  task.process(100);
  assertEquals(desk.begun, []);
  assertEquals([task.uncommitted(), desk.begun, task.resting], [[], ["2"], true]);
  push("c");
  assertEquals(task.process(100), 0);
  await desk.end("2");
  assertEquals([task.process(100), output(), task.uncommitted()], [0, ["2"], at(2)]);
  assertEquals([task.commitWanted, task.process(100)], [false, 1]);
  task.close();
});

Deno.test("a task that leaves waits for what is under way, takes nothing more, and leaves what fails uncommitted", async () => {
  const desk = new Desk();
  const { task, push, output } = await taskOf(asking(desk, { concurrency: 3 }));
  for (const value of ["a", "b", "c", "d"]) push(value);
  task.process(100);
  const settled = settleCalls([task]);
  await desk.end("b");
  await desk.end("a");
  await desk.end("c", new Error("fails"));
  await settled;
  assertEquals([output(), task.uncommitted(true), desk.begun], [["A", "B"], at(2), ["a", "b", "c"]]);
  task.close();
});

Deno.test("whatever the promises do and when, what comes out is what it would be without them", async () => {
  const { random, below } = seededRandom();
  for (let round = 0; round < 30; round++) {
    const values = Array.from({ length: 1 + below(40) }, (_, i) => `${i}-${below(4)}`);
    const fails = (value: string): boolean => value.endsWith("-2");
    const open: (() => void)[] = [];
    const later = <T>(value: string, result: T): Promise<T> =>
      new Promise((resolve, reject) =>
        open.push(() => fails(value) ? reject(new Error(value)) : resolve(result))
      );
    const builder = new StreamsBuilder();
    const concurrency = 1 + below(6);
    const stream = builder.stream("in", text)
      .flatMapValues((value) => Array.from({ length: Number(value.at(-1)) }, (_, i) => `${value}/${i}-${i}`));
    stream.mapValuesAsync((value) => later(value, `${value}+`), { concurrency })
      .filter((_key, value) => !value.includes("-1+"))
      .mapValuesAsync((value) => later("", `${value}+`), { concurrency: 1 + below(3) })
      .merge(stream.mapAsync((key, value) => later("", [key, `${value}=`])))
      .to("out", text);
    const driver = await TopologyTestDriver.create(builder.build(), { onProcessingError: () => "continue" });
    const expected: string[][] = [[], []];
    let settled = Promise.resolve();
    for (const value of values) {
      driver.pipe("in", "k", value, 1);
      for (let i = 0; i < Number(value.at(-1)); i++) {
        const each = `${value}/${i}-${i}`;
        expected[1]!.push(`${each}=`);
        if (!fails(each) && i !== 1) expected[0]!.push(`${each}++`);
      }
      while (open.length > 0 && random() < 0.6) open.splice(below(open.length), 1)[0]!();
      if (random() < 0.3) await Promise.resolve();
    }
    let done = false;
    settled = driver.settled().then(() => void (done = true));
    for (let turns = 0; !done; turns++) {
      assert(turns < 100_000, "it does not come to an end");
      if (open.length > 0) open.splice(below(open.length), 1)[0]!();
      await Promise.resolve();
    }
    await settled;
    const found = outputs(driver).map(([value]) => value);
    assertEquals(found.filter((value) => value.endsWith("++")), expected[0]);
    assertEquals(found.filter((value) => value.endsWith("=")), expected[1]);
    driver.close();
  }
});
