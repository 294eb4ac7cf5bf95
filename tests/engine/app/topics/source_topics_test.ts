import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type Topology, TopologyError } from "../../../../src/engine/mod.ts";
import { bindSerdes } from "../../../../src/engine/topology/bound_topology.ts";
import { SourceTopics } from "../../../../src/engine/app/topics/source_topics.ts";
import { TopicWatch } from "../../../../src/engine/app/topics/topic_watch.ts";
import { MemoryLog } from "../../../../src/kafka/mod.ts";
import { writeRecords } from "../../../kafka/port/records.ts";
import { until } from "../app_contract.ts";

const text = { key: stringSerde(), value: stringSerde() };

function copy(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  return builder.build();
}

async function topics(topology: Topology): Promise<SourceTopics> {
  return new SourceTopics(await bindSerdes(topology, "app", () => 2));
}

const found = (counts: Record<string, number>, id = "1") =>
  new Map(Object.entries(counts).map(([topic, partitions]) => [topic, { topic, partitions, id }]));

Deno.test("a topic is told of once when it goes, once when it is back, and as recreated when its id is another", async () => {
  const known = await topics(copy());
  const see = (counts: Record<string, number>, id?: string) =>
    known.see(known.names, found(counts, id)).map(({ kind, topic }) => `${topic} ${kind}`);
  assertEquals(known.names, ["in", "out"]);
  assertEquals(see({ in: 2, out: 2 }), []);
  assertEquals(see({ out: 2 }), ["in gone"]);
  assertEquals([known.missing, known.isMissing("in"), known.isMissing("out")], [["in"], true, false]);
  assertEquals(see({}), ["out gone"]);
  assertEquals(known.missing, ["in"]);
  assertEquals(see({ in: 2, out: 2 }, "2"), ["in back", "out back"]);
  assertEquals(see({ in: 2, out: 2 }, "3"), ["in recreated", "out recreated"]);
  assertEquals(known.see(["in"], new Map([["in", { topic: "in", partitions: 1 }]])).map(({ kind }) => kind), [
    "recreated",
    "grown",
  ]);
});

Deno.test("a look that is told no id does not forget the one before it", async () => {
  const known = await topics(copy());
  const see = (description: { id?: string }) =>
    known.see(["in"], new Map([["in", { topic: "in", partitions: 2, ...description }]])).map(({ kind }) =>
      kind
    );
  assertEquals([see({ id: "1" }), see({}), see({ id: "2" })], [[], [], ["recreated"]]);
});

Deno.test("new partitions without state make new tasks; those of a sink make none", async () => {
  const known = await topics(copy());
  assertEquals(known.see(["out"], found({ out: 5 })), [
    { kind: "grown", topic: "out", read: false, from: 2, to: 5 },
  ]);
  assertEquals(known.subtopologies.map(({ tasks }) => tasks), [2]);
  known.see(["in"], found({ in: 3 }));
  assertEquals(known.subtopologies.map(({ tasks }) => tasks), [3]);
});

Deno.test("a broker that does not know of new partitions yet is behind: the topic with the same id is the same", async () => {
  const known = await topics(copy());
  known.see(known.names, found({ in: 2, out: 2 }));
  assertEquals(known.see(["in"], found({ in: 3 })).map(({ kind }) => kind), ["grown"]);
  assertEquals(known.see(["in"], found({ in: 2 })), []);
  assertEquals(known.subtopologies.map(({ tasks }) => tasks), [3]);
  assertEquals(known.see(["in"], found({ in: 2 }, "2")).map(({ kind }) => kind), ["recreated", "grown"]);
});

Deno.test("a source that a repartition topic's number follows can't grow: the message names both", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).selectKey((_key, value) => value).groupByKey(text)
    .count({ value: int64Serde(), name: "counts" });
  const known = await topics(builder.build());
  const names = known.names;
  const error = assertThrows(
    () => known.see(names, found(Object.fromEntries(names.map((name) => [name, name === "in" ? 3 : 2])))),
    TopologyError,
  );
  for (const part of ["-repartition with 2 partitions needs 3", "stop all instances", "reset"]) {
    assertStringIncludes(error.message, part);
  }
});

Deno.test("a log that can't be asked is no log without topics, and one that is behind is asked once more", async () => {
  const known = await topics(copy());
  const warnings: string[] = [];
  const seen: number[] = [];
  const answers = [
    () => Promise.reject(new Error("no broker")),
    () => Promise.resolve(found({ out: 2 })),
    () => Promise.resolve(found({ in: 2 })),
  ];
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = new TopicWatch({
    log: { describeTopics: () => (answers.shift() ?? (() => Promise.resolve(found({ in: 2, out: 2 }))))() },
    topics: known,
    everyMs: 1,
    confirmMs: 0,
    logger: { info() {}, warn: (line) => warnings.push(line) },
    changed: (changes) => {
      seen.push(changes.length);
      resolve();
      return Promise.resolve();
    },
    failed: (error) => assert(false, String(error)),
  });
  watch.start();
  await promise;
  watch.close();
  assertEquals([warnings.length, seen[0], known.missing], [1, 0, []]);
  assertStringIncludes(warnings[0]!, "no broker");
});

Deno.test("a topic that is written to and deleted: a warning names it, then the records' error ends the application", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
  const said: string[] = [];
  const app = new StreamsApp(copy(), log, {
    applicationId: "copy",
    topicsRefreshMs: 20,
    logger: { info() {}, warn: (line) => said.push(line) },
  });
  await app.start();
  await until("it runs", () => app.ready);
  await log.deleteTopics(["out"]);
  await until("it is told", () => said.some((line) => line.includes("Topic out was deleted")));
  assertEquals(app.state, "running");
  const failed = assertRejects(() => app.done, Error);
  await writeRecords(log, "in", [{ value: "lost?" }]);
  const error = await failed;
  assertStringIncludes(error.message, "out");
  assertEquals(await log.committed("copy", [{ topic: "in", partition: 0 }]), [undefined]);
  await log.close();
});
