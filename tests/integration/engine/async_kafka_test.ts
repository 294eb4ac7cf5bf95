import { assert, assertEquals } from "@std/assert";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until, type WithPlace } from "../../engine/app/app_contract.ts";
import { asyncContract, valuesByKey } from "../../engine/app/async_contract.ts";
import { writeRecords } from "../../kafka/port/records.ts";
import { connection, quiet } from "../kafka/broker.ts";
import { startFixture } from "./start_fixture.ts";

const withPlace: WithPlace = async (body) => {
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const name = `async-${crypto.randomUUID()}`;
  try {
    await body({ log, name });
  } finally {
    await log.deleteTopics(["in", "out", "counts-changelog"].map((topic) => `${name}-${topic}`));
    await log.close();
  }
};

asyncContract("Kafka", withPlace);

const RECORDS = 600;

for (const guarantee of ["at_least_once", "exactly_once"]) {
  const exactly = guarantee === "exactly_once";

  Deno.test(`Kafka, ${guarantee}: a program is killed while promises are under way: nothing is lost, exactly once nothing doubled`, () =>
    withPlace(async ({ log, name }) => {
      const flags = {
        name,
        "application-id": name,
        "group-instance-id": "asking",
        "processing-guarantee": guarantee,
        "metrics-port": "0",
        count: exactly ? "yes" : "no",
      };
      await log.createTopics(
        ["in", "out"].map((topic) => ({ topic: `${name}-${topic}`, partitions: 1, replicationFactor: 1 })),
      );
      const records = Array.from({ length: RECORDS }, (_, i) => ({
        key: "p0",
        value: `${i + 1}`,
        timestamp: Date.now(),
      }));
      let program = startFixture("asking.ts", flags);
      const outAfter = async (count: number): Promise<void> => {
        await until(
          `${count} are out`,
          async () => ((await valuesByKey(log, `${name}-out`)).get("p0")?.length ?? 0) >= count,
          60_000,
        );
      };
      try {
        for (const at of [200, 400]) {
          await writeRecords(log, `${name}-in`, records.slice(at - 200, at));
          await outAfter(at - 150);
          program.child.kill("SIGKILL");
          await program.child.status;
          await program.said;
          program = startFixture("asking.ts", flags);
        }
        await writeRecords(log, `${name}-in`, records.slice(400));
        await until(
          "all are out",
          async () => (await valuesByKey(log, `${name}-out`)).get("p0")?.includes(`${RECORDS}`) === true,
          60_000,
        );
      } finally {
        program.child.kill("SIGTERM");
        const { code } = await program.child.status;
        assertEquals(code, 0, await program.said);
      }
      const found = (await valuesByKey(log, `${name}-out`)).get("p0")!;
      const all = records.map(({ value }) => value);
      if (exactly) assertEquals(found, all);
      else assertEquals([...new Set(found)], all);
      assert(found.length >= RECORDS);
    }));
}
