import { assert, assertEquals } from "@std/assert";
import { StreamsApp } from "../../../src/engine/app/streams_app.ts";
import { StreamsBuilder } from "../../../src/engine/dsl/streams_builder.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";
import { stringSerde } from "../../../src/serde/primitives.ts";

/** More than a slice lasts, in ms. */
const STEP_MS = 10;

Deno.test("a step that takes long keeps neither timers waiting for a whole turn nor another task", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const producer = log.producer();
  for (let i = 0; i < 40; i++) {
    const value = new TextEncoder().encode(String(i % 2));
    producer.append("in", i % 2, i, null, { bytes: value, from: 0, to: value.length });
  }
  await producer.flush();
  const builder = new StreamsBuilder();
  let inARow = 0;
  let most = 0;
  const order: string[] = [];
  builder.stream("in", { key: stringSerde(), value: stringSerde() }).foreach((_key, value) => {
    most = Math.max(most, ++inARow);
    order.push(value);
    for (const end = performance.now() + STEP_MS; performance.now() < end;);
  });
  const turns = setInterval(() => inARow = 0, 0);
  const app = new StreamsApp(builder.build(), log, { applicationId: "slow" });
  await app.start();
  while (order.length < 40) await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(turns);
  await app.close();
  await log.close();
  assert(most <= 8, `${most} records in a row`);
  assertEquals(order.filter((value) => value === "0").length, 20);
  assert(Math.abs(order.slice(0, 20).filter((value) => value === "0").length - 10) <= 4, order.join());
});
