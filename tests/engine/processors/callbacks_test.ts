import { assertRejects, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type Ignored,
  JoinWindows,
  ProcessingError,
  SessionWindows,
  StreamsBuilder,
  TimeWindows,
  TopologyError,
  type UserProcessor,
} from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };
const joined = { ...text, otherValue: stringSerde() };
const windows = TimeWindows.ofSizeAndGrace(10, 0);
const sessions = SessionWindows.ofInactivityGapAndGrace(10, 0);

/** What the types refuse: a program without types, or one that has cast them away, can still pass it. */
// deno-lint-ignore no-explicit-any -- see above
type Untyped = any;

/** Adds a step to streams and tables of `left` and `right` that calls the function. */
type Step = (builder: StreamsBuilder, call: Untyped) => unknown;

const stream = (builder: StreamsBuilder): Untyped => builder.stream("left", text);
const grouped = (builder: StreamsBuilder): Untyped => stream(builder).groupByKey(text);
const table = (builder: StreamsBuilder): Untyped => builder.table("left", text);
const regrouped = (builder: StreamsBuilder): Untyped =>
  table(builder).groupBy((key: string, value: string) => [key, value], text);

/** By what the refusal says: a step that calls the function when `left` gets a record. */
const STEPS: Record<string, Step> = {
  "the mapper of map": (builder, call) => stream(builder).map(call),
  "the mapper of flatMap": (builder, call) => stream(builder).flatMap(call),
  "the selector of selectKey": (builder, call) => stream(builder).selectKey(call),
  "the mapper of mapValues": (builder, call) => stream(builder).mapValues(call),
  "the mapper of flatMapValues": (builder, call) => stream(builder).flatMapValues(call),
  "the predicate of filter": (builder, call) => stream(builder).filter(call),
  "the predicate of filterNot": (builder, call) => stream(builder).filterNot(call),
  "the action of peek": (builder, call) => stream(builder).peek(call),
  "the action of foreach": (builder, call) => stream(builder).foreach(call),
  "a predicate of split": (builder, call) => stream(builder).split([call]),
  "the selector of groupBy": (builder, call) =>
    stream(builder).groupBy(call, text).count({ value: int64Serde() }),
  "the joiner of a join": (builder, call) =>
    stream(builder).leftJoin(builder.table("right", text), call, text),
  "the initializer of aggregate": (builder, call) => grouped(builder).aggregate(call, () => "", text),
  "the aggregator of aggregate": (builder, call) => grouped(builder).aggregate(() => "", call, text),
  "a reducer, of which the first value is the first result: the reducer of reduce": (builder, call) =>
    grouped(builder).reduce(call),
  "in windows, the aggregator of aggregate": (builder, call) =>
    grouped(builder).windowedBy(windows).aggregate(() => "", call, text),
  "in windows, the reducer of reduce": (builder, call) => grouped(builder).windowedBy(windows).reduce(call),
  "in sessions, the aggregator of aggregate": (builder, call) =>
    grouped(builder).windowedBy(sessions).aggregate(() => "", call, () => "", text),
  "in sessions, the merger of aggregate": (builder, call) =>
    grouped(builder).windowedBy(sessions).aggregate(() => "", () => "", call, text),
  "in sessions, the reducer of reduce": (builder, call) => grouped(builder).windowedBy(sessions).reduce(call),
  "of a table, the mapper of mapValues": (builder, call) => table(builder).mapValues(call),
  "of a table, the predicate of filter": (builder, call) => table(builder).filter(call),
  "of a table, the selector of groupBy": (builder, call) =>
    table(builder).groupBy(call, text).count({ value: int64Serde() }),
  "of tables, the joiner of a join": (builder, call) =>
    table(builder).leftJoin(builder.table("right", text), call),
  "of a group, the initializer of aggregate": (builder, call) =>
    regrouped(builder).aggregate(call, () => "", () => "", text),
  "of a group, the adder of aggregate": (builder, call) =>
    regrouped(builder).aggregate(() => "", call, () => "", text),
  "of a group, the subtractor of aggregate": (builder, call) =>
    regrouped(builder).aggregate(() => "", () => "", call, text),
  "of a group, the adder of reduce": (builder, call) => regrouped(builder).reduce(call, () => ""),
  "of a group, the subtractor of reduce": (builder, call) =>
    regrouped(builder).reduce((_: string, value: string) => value, call),
  "of streams, the joiner of a join": (builder, call) =>
    stream(builder).leftJoin(
      builder.stream("right", text),
      call,
      JoinWindows.ofTimeDifferenceWithNoGrace(10),
      joined,
    ),
};

/** Gives the driver records until each of the steps has called its function. */
function pipeAll(driver: TopologyTestDriver): void {
  for (const [value, at] of [["a", 0], ["b", 1], ["b", 2], ["c", 1000]] as const) {
    driver.pipe("left", "k", value, at);
  }
}

for (const [name, step] of Object.entries(STEPS)) {
  const what = name.replace(/^.*?((the|a) (?!reducer,)[a-z]+ of .*)$/, "$1");

  Deno.test(`${name}: an async function is refused when the step is added`, () => {
    assertThrows(
      () => step(new StreamsBuilder(), async () => await 0),
      TopologyError,
      `Cannot use ${what}: received an async function`,
    );
  });

  Deno.test(`${name}: a promise is refused when it is returned`, async () => {
    const builder = new StreamsBuilder();
    step(builder, () => Promise.reject(new Error("nobody's")));
    // A handler must not drop such records either: all would go the same way.
    const driver = await TopologyTestDriver.create(builder.build(), { onProcessingError: () => "continue" });
    const error = assertThrows(() => pipeAll(driver), ProcessingError);
    if (!error.message.startsWith(`Cannot use what ${what} returned: received a promise`)) throw error;
  });
}

function processorOf(user: Untyped): StreamsBuilder {
  const builder = new StreamsBuilder();
  builder.stream("left", text).process(() => user as UserProcessor<string, string, string, string>);
  return builder;
}

const nothing = (): undefined => undefined;

Deno.test("a processor with an async method is refused when its step is added", () => {
  for (const method of ["init", "process", "close"]) {
    assertThrows(
      () => processorOf({ process: nothing, [method]: async () => await 0 }),
      TopologyError,
      `Cannot use the ${method} of a processor: received an async function`,
    );
  }
});

Deno.test("an async function that makes a processor, and one that gives a promise, are refused when the step is added", () => {
  const making: Untyped = async () => await Promise.resolve({ process: nothing });
  assertThrows(
    () => new StreamsBuilder().stream("left", text).process(making),
    TopologyError,
    "Cannot use the function of process: received an async function",
  );
  const promising: Untyped = () => Promise.resolve({ process: nothing });
  assertThrows(
    () => new StreamsBuilder().stream("left", text).process(promising),
    ProcessingError,
    "Cannot use what the function of process returned: received a promise",
  );
});

Deno.test("each refusal names the step that waits for promises", () => {
  assertThrows(
    () => new StreamsBuilder().stream("left", text).mapValues(async (value) => await value),
    TopologyError,
    "await it in a step of its own, mapValuesAsync or mapAsync, which keep order and commits right",
  );
});

Deno.test("a processor whose init or process returns a promise is refused at once", async () => {
  const late = (): Promise<void> => Promise.resolve();
  const initialised = processorOf({ init: late, process: nothing }).build();
  await assertRejects(
    () => TopologyTestDriver.create(initialised),
    ProcessingError,
    "Cannot use what the init of a processor returned: received a promise",
  );
  const driver = await TopologyTestDriver.create(processorOf({ process: late }).build());
  assertThrows(
    () => driver.pipe("left", "k", "v", 0),
    ProcessingError,
    "Cannot use what the process of a processor returned: received a promise",
  );
});

Deno.test("a processor whose close returns a promise is refused when it is closed", async () => {
  const late = (): Promise<void> => Promise.resolve();
  const driver = await TopologyTestDriver.create(processorOf({ process: nothing, close: late }).build());
  assertThrows(
    () => driver.close(),
    ProcessingError,
    "Cannot use what the close of a processor returned: received a promise",
  );
});

Deno.test("an error out of a callback names its step and the record, one of a punctuator its processor", async () => {
  const builder = new StreamsBuilder();
  builder.stream("left", text).filter(() => true).split([() => true])[0]!.mapValues((value) => {
    if (value === "bad") throw new Error("no luck");
    return value;
  }).flatMapValues(function* (value) {
    yield value;
    if (value === "late") throw new Error("after one");
  }).process<string, string>(() => ({
    init(context) {
      context.schedule(10, "wall-clock-time", () => {
        throw new Error("too late");
      });
    },
    process: nothing,
  }), { name: "watch" });
  const topology = builder.build();
  const driver = await TopologyTestDriver.create(topology);
  const place = "Cannot process the record at offset 0 of left-0 in task 0_0: ";
  assertThrows(
    () => driver.pipe("left", "k", "bad", 0),
    ProcessingError,
    `${place}KSTREAM-MAPVALUES-0000000004 threw: no luck`,
  );
  const other = await TopologyTestDriver.create(topology);
  assertThrows(
    () => other.pipe("left", "k", "late", 0),
    ProcessingError,
    `${place}KSTREAM-FLATMAPVALUES-0000000005 threw: after one`,
  );
  assertThrows(
    () => other.advanceTime(10),
    ProcessingError,
    "Cannot punctuate at wall-clock-time 10 in task 0_0: a punctuator of watch threw: too late",
  );
});

Deno.test("a punctuator that returns a promise is refused at once", async () => {
  const builder = processorOf({
    init(context: Untyped) {
      context.schedule(10, "wall-clock-time", () => Promise.resolve());
    },
    process: nothing,
  });
  const driver = await TopologyTestDriver.create(builder.build());
  assertThrows(
    () => driver.advanceTime(10),
    ProcessingError,
    "Cannot use what the call of a punctuator returned: received a promise",
  );
});

Deno.test("a timestamp extractor that returns a promise is refused", async () => {
  const timestampExtractor: Untyped = () => Promise.resolve(5);
  const builder = new StreamsBuilder();
  builder.stream("left", { ...text, timestampExtractor });
  builder.table("right", { ...text, timestampExtractor });
  const driver = await TopologyTestDriver.create(builder.build());
  for (const topic of ["left", "right"]) {
    assertThrows(() => driver.pipe(topic, "k", "v", 0), ProcessingError, "the timestampExtractor of");
  }
});

Deno.test("what a builder of queries gives, which only runs when it is awaited, is refused as a promise is", async () => {
  const builder = new StreamsBuilder();
  // deno-lint-ignore no-explicit-any -- as a program without types
  builder.stream("left", text).foreach((): any => ({ then: nothing }));
  const driver = await TopologyTestDriver.create(builder.build());
  assertThrows(
    () => driver.pipe("left", "k", "v", 0),
    ProcessingError,
    "the action of foreach returned: received",
  );
});

Deno.test("the types refuse a promise, and nothing else, where nobody uses the result", () => {
  const takes = (_: () => Ignored): void => {};
  takes(() => {});
  takes(() => [].push());
  takes(() => new Map().set(1, 2));
  takes(() => void 0);
  takes(nothing);
  // @ts-expect-error -- an async function
  takes(async () => await 0);
  // @ts-expect-error -- a promise
  takes(() => Promise.resolve());
});
