import { assertEquals } from "@std/assert";
import { MemoryLog, StreamsApp, StreamsBuilder, stringSerde } from "../../../mod.ts";
import { steadyClock } from "../../../src/engine/app/steady_clock.ts";
import { appendRecords } from "../../kafka/port/records.ts";
import { until } from "./app_contract.ts";

const HOUR_MS = 3_600_000;

Deno.test("a steady clock begins with the machine's time, and is not moved when that is set", () => {
  let [machine, elapsed] = [1_000_000, 7];
  const now = steadyClock(() => machine, () => elapsed);
  assertEquals(now(), 1_000_000);
  for (const jump of [HOUR_MS, -2 * HOUR_MS]) {
    machine += jump;
    elapsed += 10;
  }
  assertEquals(now(), 1_000_020);
});

for (const guarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`${guarantee}: commits go on when the machine's clock is set ahead and back by an hour`, async () => {
    const real = Date.now;
    let offset = 0;
    Date.now = () => real() + offset;
    const log = new MemoryLog();
    await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
    const text = { key: stringSerde(), value: stringSerde() };
    const builder = new StreamsBuilder();
    builder.stream("in", text).to("out", text);
    const app = new StreamsApp(builder.build(), log, {
      applicationId: "jumps",
      processingGuarantee: guarantee,
      // Long enough for the next record to come while the commit before it is not yet known to have been the last.
      commitIntervalMs: 300,
    });
    const producer = log.producer();
    try {
      await app.start();
      for (const [i, jump] of [HOUR_MS, -HOUR_MS, 0].entries()) {
        offset = jump;
        appendRecords(producer, "in", [{ key: "k", value: `${i}` }]);
        await producer.flush();
        await until(`record ${i} is committed`, async () => {
          const [committed] = await log.committed("jumps", [{ topic: "in", partition: 0 }]);
          return committed === i + 1;
        });
      }
    } finally {
      Date.now = real;
    }
    await app.close();
    await producer.close();
    await log.close();
  });
}
