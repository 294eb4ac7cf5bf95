import { assert, assertEquals } from "@std/assert";
import { StreamsApp } from "../../../src/engine/app/streams_app.ts";
import { StreamsBuilder } from "../../../src/engine/dsl/streams_builder.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";
import { stringSerde } from "../../../src/serde/primitives.ts";

Deno.test("an application with a limit takes its time, counts it as work, and starves no task", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const producer = log.producer();
  for (let i = 0; i < 200; i++) {
    const value = new TextEncoder().encode(String(i % 2));
    producer.append("in", i % 2, i, null, { bytes: value, from: 0, to: value.length });
  }
  await producer.flush();
  const builder = new StreamsBuilder();
  const order: string[] = [];
  builder.stream("in", { key: stringSerde(), value: stringSerde() })
    .foreach((_key, value) => order.push(value));
  const app = new StreamsApp(builder.build(), log, { applicationId: "paced", maxRecordsPerSecond: 400 });
  await app.start();
  while (order.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
  const { busyMs } = app.stats;
  await app.close();
  await log.close();
  // The last slice of 20 records is not waited for yet.
  assert(busyMs >= 420, `busy for ${busyMs} ms`);
  assertEquals(new Set(order.slice(0, 60)).size, 2);
});
