import { assertEquals } from "@std/assert";
import {
  avroSerde,
  JoinWindows,
  SchemaRegistry,
  type Serde,
  serdeAround,
  StreamsBuilder,
  type Topology,
} from "../../../mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";

interface Key {
  readonly machine: string;
}

const KEY_SCHEMA = { type: "record", name: "Key", fields: [{ name: "machine", type: "string" }] };
const VALUE_SCHEMA = { type: "record", name: "Value", fields: [{ name: "text", type: "string" }] };

interface Value {
  readonly text: string;
}

/** A registry whose ids a test decides. */
function registryOf(idOf: (subject: string) => number): SchemaRegistry {
  return new SchemaRegistry("http://registry.test", {
    fetch: (url) => Promise.resolve(Response.json({ id: idOf(decodeURIComponent(url.split("/").at(-2)!)) })),
  });
}

/** Counts what is encoded, whichever topic it goes to. */
function counted<T>(inner: Serde<T>): { serde: Serde<T>; count: number } {
  const counter = {
    count: 0,
    serde: serdeAround<T, T>(inner, (bound) => ({
      encode: (value, into, at) => {
        counter.count++;
        return bound.encode(value, into, at);
      },
      decode: (bytes, from, to) => bound.decode(bytes, from, to),
    })),
  };
  return counter;
}

/** A join, an aggregate and a sink: the key of a record goes to the topics of two stores and to one of the user's. */
function sessions(key: Serde<Key>, value: Serde<Value>): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key, value };
  const windows = JoinWindows.ofTimeDifferenceAndGrace(3000, 30_000);
  builder.stream("left", serdes)
    .join(builder.stream("right", serdes), (left) => left, windows, { ...serdes, otherValue: value })
    .groupByKey(serdes)
    .aggregate<Value>(() => ({ text: "" }), (_key, joined) => joined, { value })
    .toStream()
    .to("out", serdes);
  return builder.build();
}

/** The encodes in the topology for a record that finds its partner; the test's own is taken off. */
async function encodesOf(registry: SchemaRegistry | undefined): Promise<{ key: number; value: number }> {
  const key = counted(avroSerde<Key>(KEY_SCHEMA, { registry }));
  const value = counted(avroSerde<Value>(VALUE_SCHEMA, { registry }));
  const driver = await TopologyTestDriver.create(sessions(key.serde, value.serde));
  driver.pipe("left", { machine: "000042" }, { text: "a" }, 1);
  key.count = value.count = 0;
  driver.pipe("right", { machine: "000042" }, { text: "b" }, 2);
  assertEquals(driver.read("out").length, 1);
  return { key: key.count - 1, value: value.count - 1 };
}

Deno.test("a record's key is encoded once on its whole way, with a registry as without one", async () => {
  const without = await encodesOf(undefined);
  assertEquals(without.key, 1);
  const oneIdASchema = registryOf((subject) => subject.endsWith("-key") ? 7 : 8);
  assertEquals(await encodesOf(oneIdASchema), without);
});

Deno.test("where a registry gives topics other ids, each topic's bytes carry its own", async () => {
  const ids = new Map<string, number>();
  const registry = registryOf((subject) => {
    ids.set(subject, 1 + ids.size);
    return ids.size;
  });
  const [key, value] = [
    avroSerde<Key>(KEY_SCHEMA, { registry }),
    avroSerde<Value>(VALUE_SCHEMA, { registry }),
  ];
  const driver = await TopologyTestDriver.create(sessions(key, value));
  driver.pipe("left", { machine: "000042" }, { text: "a" }, 1);
  driver.pipe("right", { machine: "000042" }, { text: "b" }, 2);
  const topics = [...ids.keys()].filter((subject) => /^(test-|out).*-key$/.test(subject));
  assertEquals(topics.length, 4);
  for (const subject of topics) {
    const [record] = driver.readBytes(subject.slice(0, -"-key".length));
    assertEquals([...record!.key!.subarray(0, 5)], [0, 0, 0, 0, ids.get(subject)!], subject);
  }
});
