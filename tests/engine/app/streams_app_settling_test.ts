import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { decodeTaskInfo, encodeTaskInfo } from "../../../src/engine/app/assignment/task_info.ts";
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

/** A log on which the leader always says that more is to come. */
class MoreToComeLog extends MemoryLog {
  override group(options: GroupOptions): GroupMember {
    return super.group({
      ...options,
      onAssigned: (added, assignment) => {
        const info = decodeTaskInfo(assignment.userData)!;
        return options.onAssigned(added, {
          ...assignment,
          userData: encodeTaskInfo({ ...info, unsettled: true }),
        });
      },
    });
  }
}

Deno.test("an instance that got a task when it came, and not its share, asks for the rest, once", async () => {
  const log = new MoreToComeLog();
  await log.createTopics([{ topic: "in", partitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", { key: stringSerde(), value: stringSerde() }).foreach(() => {});
  const app = new StreamsApp(builder.build(), log, { applicationId: "settling" });
  await app.start();
  await until("ready, with a task", () => app.ready && app.tasks.length === 1);
  await until("asked", () => app.stats.rebalances > 1);
  await delay(2 * SETTLE_MS);
  assertEquals([app.stats.rebalances, app.ready], [2, true]);
  await app.close();
  await log.close();
});
