import { assertEquals } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsBuilder } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };

function outputs(driver: TopologyTestDriver): [string, number][] {
  return driver.read<string, string>("out").map(({ value, timestamp }) => [value, timestamp]);
}

Deno.test("steps without state: each record as it goes, several of one, or none", async () => {
  const seen: string[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", text)
    .filter((_key, value) => value !== "")
    .filterNot((key) => key === "skip")
    .peek((key, value) => seen.push(`${key}=${value}`))
    .flatMapValues((value) => value.split(" "))
    .flatMapValues(function* (value) {
      yield value;
      if (value === "twice") yield value;
    })
    .mapValues((value, key) => `${key}/${value}`)
    .to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "a", "x twice", 1);
  driver.pipe("in", "skip", "x", 2);
  driver.pipe("in", "b", "", 3);
  assertEquals(outputs(driver), [["a/x", 1], ["a/twice", 1], ["a/twice", 1]]);
  assertEquals(seen, ["a=x twice"]);
});
