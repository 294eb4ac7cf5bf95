import { assertEquals, assertRejects } from "@std/assert";
import { JoinWindows, StreamsBuilder, type Topology } from "../../src/engine/mod.ts";
import { MemoryLog } from "../../src/kafka/mod.ts";
import { stringSerde } from "../../src/serde/mod.ts";
import { ensureTopologyTopics, outerTopics } from "../../src/service/topics.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** Orders and payments joined, by another key in between, beside a topic that is read alone. */
function topology(): Topology {
  const builder = new StreamsBuilder();
  const payments = builder.stream("payments", text);
  builder.stream("orders", text)
    .join(payments, (order) => order, JoinWindows.ofTimeDifferenceAndGrace(10, 0), {
      ...text,
      otherValue: stringSerde(),
    })
    .selectKey((_key, order) => order)
    .groupByKey(text)
    .reduce((_before, order) => order, { value: stringSerde() })
    .toStream()
    .to("latest", text);
  builder.stream("clicks", text).to("seen", text);
  return builder.build();
}

/** The partitions that the topics have then, and what was said. */
async function ensured(existing: Record<string, number>) {
  const log = new MemoryLog();
  await log.createTopics(Object.entries(existing).map(([topic, partitions]) => ({ topic, partitions })));
  const said: string[] = [];
  const logger = { info: () => {}, warn: (line: string) => said.push(line) };
  await ensureTopologyTopics(log, topology(), 4, 1, logger);
  const found = await log.describeTopics(["orders", "payments", "clicks", "latest", "seen"]);
  return { partitions: [...found].map(([topic, { partitions }]) => `${topic} ${partitions}`).sort(), said };
}

Deno.test("what a topology reads and writes is told apart from what is its own", () => {
  assertEquals(outerTopics(topology()), {
    sources: [["orders", "payments"], ["clicks"]],
    sinks: ["latest", "seen"],
  });
});

Deno.test("a topic that one part writes and another one reads counts as read", () => {
  const builder = new StreamsBuilder();
  builder.stream("lines", text).to("words", text);
  builder.stream("words", text).to("shouts", text);
  assertEquals(outerTopics(builder.build()), { sources: [["lines"], ["words"]], sinks: ["shouts"] });
});

Deno.test("missing topics are created as asked for", async () => {
  assertEquals(await ensured({}), {
    partitions: ["clicks 4", "latest 4", "orders 4", "payments 4", "seen 4"],
    said: [],
  });
});

Deno.test("a missing topic takes after those that it is joined with, one that is only written after the largest", async () => {
  const { partitions, said } = await ensured({ payments: 6 });
  assertEquals(partitions, ["clicks 4", "latest 6", "orders 6", "payments 6", "seen 6"]);
  assertEquals(said, ["payments exists with 6 partitions, more than --partitions 4, which has no effect"]);
});

Deno.test("joined topics with different numbers of partitions are refused, others are not", async () => {
  await assertRejects(() => ensured({ orders: 2, payments: 3 }), Error, "must have the same number");
  assertEquals((await ensured({ clicks: 3, seen: 1, orders: 4 })).partitions.length, 5);
});
