import { assertEquals, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type KeyValueStore,
  ProcessingError,
  StreamsBuilder,
  TopologyError,
  type UserProcessor,
  type UserProcessorContext,
} from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import { Punctuators } from "../../../src/engine/record/punctuators.ts";

const text = { key: stringSerde(), value: stringSerde() };
const numbers = { key: stringSerde(), value: int64Serde() };

function counter(closed: string[] = []): UserProcessor<string, string, string, number> {
  let store: KeyValueStore<string, number>;
  let context: UserProcessorContext<string, number>;
  return {
    init(given) {
      context = given;
      store = given.getStateStore("counts");
      given.schedule(100, "wall-clock-time", (timestamp) => {
        for (const { key, value } of store.entries()) context.forward({ key, value: -value, timestamp });
      });
    },
    process({ key, timestamp, headers }) {
      const count = (store.get(key) ?? 0) + 1;
      store.put(key, count, timestamp);
      context.forward({ key, value: count, timestamp: timestamp + 1, headers });
    },
    close: () => void closed.push("closed"),
  };
}

Deno.test("a processor of one's own has its store, its headers and the machine's time", async () => {
  const closed: string[] = [];
  const builder = new StreamsBuilder().addStore({ name: "counts", ...numbers });
  builder.stream("in", text).process(() => counter(closed), { stores: ["counts"] }).to("out", numbers);
  const driver = await TopologyTestDriver.create(builder.build(), { wallClockMs: 1000 });
  const header = { key: "h", value: new Uint8Array([1]) };
  driver.pipe("in", "a", "x", 5, [header]);
  driver.pipe("in", "a", "y", 6);
  driver.advanceTime(99);
  assertEquals(driver.read("out"), [
    { key: "a", value: 1, timestamp: 6, headers: [header] },
    { key: "a", value: 2, timestamp: 7, headers: [] },
  ]);
  driver.advanceTime(1);
  driver.advanceTime(250);
  assertEquals(driver.read("out").map(({ value, timestamp }) => [value, timestamp]), [[-2, 1100], [
    -2,
    1350,
  ]]);
  assertEquals(driver.countOf("test-counts-changelog"), 2);
  assertEquals(driver.store<string, number>("counts").get("a"), 2);
  driver.close();
  assertEquals(closed, ["closed"]);
});

Deno.test("a store that was not named is refused; so is one that is not there", async () => {
  const builder = new StreamsBuilder().addStore({ name: "counts", ...numbers });
  const stream = builder.stream("in", text);
  assertThrows(
    () => stream.process(() => counter(), { stores: ["nowhere"] }),
    TopologyError,
    "received store nowhere, which is not there",
  );
  stream.process(() => counter());
  const topology = builder.build();
  let message = "";
  await TopologyTestDriver.create(topology).catch((error) => message = error.message);
  assertEquals(message.includes("Cannot use store counts"), true, message);
});

Deno.test("a punctuator that throws ends the processing and is named", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).process(() => ({
    init: (context) =>
      void context.schedule(10, "stream-time", () => {
        throw new Error("no luck");
      }),
    process() {},
  }));
  const driver = await TopologyTestDriver.create(builder.build());
  assertThrows(
    () => driver.pipe("in", "a", "x", 5),
    ProcessingError,
    "Cannot punctuate at stream-time 5 in task 0_0: a punctuator of KSTREAM-PROCESSOR-0000000001 threw: no luck",
  );
});

Deno.test("punctuators come once however many intervals have passed, and stay aligned", () => {
  const punctuators = new Punctuators(() => 1000);
  const called: string[] = [];
  const fail = (error: unknown): never => {
    throw error;
  };
  const cancel = punctuators.schedule(10, "stream-time", (time) => void called.push(`a${time}`));
  punctuators.schedule(25, "stream-time", (time) => void called.push(`b${time}`));
  punctuators.run("stream-time", 3, fail);
  assertEquals(called.splice(0), ["a3", "b3"]);
  assertEquals(punctuators.nextStreamTime, 10);
  punctuators.run("stream-time", 47, fail);
  assertEquals(called.splice(0), ["a47", "b47"]);
  assertEquals(punctuators.nextStreamTime, 50);
  cancel();
  punctuators.run("stream-time", 50, fail);
  assertEquals(called, ["b50"]);
  assertEquals(punctuators.nextWallClockTime, Infinity);
  assertThrows(() => punctuators.schedule(0, "stream-time", () => {}), RangeError, "0 ms");
});
