import { delay } from "@std/async/delay";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { SETTLE_MS } from "../../../src/engine/app/assignment/task_assignor.ts";
import { type GroupMember, type GroupOptions, MemoryLog } from "../../../src/kafka/mod.ts";
import { until } from "./app_contract.ts";

/** A log on which assignments arrive late, as on a busy machine. */
class SlowLog extends MemoryLog {
  slow = false;

  override group(options: GroupOptions): GroupMember {
    if (!this.slow) return super.group(options);
    return super.group({
      ...options,
      onAssigned: async (...assigned) => {
        await delay(SETTLE_MS + 100);
        await options.onAssigned(...assigned);
      },
    });
  }
}

Deno.test("an instance whose first assignment arrives when it is no longer new still gets its share", async () => {
  const log = new SlowLog();
  await log.createTopics([{ topic: "in", partitions: 2 }, { topic: "out", partitions: 2 }]);
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  const first = new StreamsApp(builder.build(), log, { applicationId: "settling" });
  await first.start();
  log.slow = true;
  const second = new StreamsApp(builder.build(), log, { applicationId: "settling" });
  await second.start();
  await until("one task each", () => first.tasks.length === 1 && second.tasks.length === 1);
  await second.close();
  await first.close();
  await log.close();
});
