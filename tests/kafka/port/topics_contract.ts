/** What the Log port says of topics' settings and of deleting records. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ContractContext } from "./log_contract.ts";
import { readRecords, recordsOf, writeRecords } from "./records.ts";

/** Registers a contract test: its name, the partitions of its topic, its body. */
type Register = (what: string, partitions: number, body: (context: ContractContext) => Promise<void>) => void;

/** Registers the tests. */
export function topicsContract(test: Register): void {
  test(
    "topics tell the settings that they were created with, of those asked for",
    0,
    async ({ log, topic }) => {
      const config = { "cleanup.policy": "compact,delete", "retention.ms": "86400000" };
      const preferred = { "compression.type": "producer" };
      await log.createTopics([{ topic, partitions: 2, replicationFactor: 1, config, preferred }]);
      const names = ["cleanup.policy", "retention.ms", "compression.type", "no.such.setting"];
      const found = await log.topicSettings([topic], names);
      assertEquals(Object.fromEntries(found.get(topic)!), { ...config, ...preferred });
      assertEquals([...(await log.topicSettings([topic], ["retention.ms"])).get(topic)!.keys()], [
        "retention.ms",
      ]);
      assertEquals((await log.topicSettings([], names)).size, 0);
    },
  );

  test(
    "deleted records are gone up to the offset, and reading goes on after it",
    2,
    async ({ log, topic }) => {
      const first = { topic, partition: 0 };
      const second = { topic, partition: 1 };
      await writeRecords(log, topic, Array.from({ length: 10 }, (_, i) => ({ value: `${i}` })));
      await writeRecords(log, topic, [{ partition: 1, value: "a" }, { partition: 1, value: "b" }]);
      await log.deleteRecords([{ ...first, offset: 7 }, { ...second, offset: 2 }]);
      assertEquals(await log.offsets([first, second], "earliest"), [7, 2]);
      assertEquals(await log.offsets([first, second], "latest"), [10, 2]);
      // What is gone already is no error, and nothing comes back.
      await log.deleteRecords([{ ...first, offset: 3 }]);
      assertEquals(await log.offsets([first], "earliest"), [7]);
      assertEquals((await readRecords(log, topic)).map(({ offset, value }) => [offset, value]), [
        [7, "7"],
        [8, "8"],
        [9, "9"],
      ]);
      await writeRecords(log, topic, [{ partition: 1, value: "c" }]);
      assertEquals((await readRecords(log, topic)).map(({ value }) => value), ["7", "8", "9", "c"]);
      await log.deleteRecords([]);
    },
  );

  test(
    "a fetcher that stands before deleted records begins again after them, and says so",
    1,
    async ({ log, topic }) => {
      await writeRecords(log, topic, [{ value: "a" }, { value: "b" }, { value: "c" }]);
      await log.deleteRecords([{ topic, partition: 0, offset: 2 }]);
      const moved: [number, number][] = [];
      const fetcher = log.fetcher({ onOutOfRange: (_partition, wanted, at) => moved.push([wanted, at]) });
      fetcher.assign({ topic, partition: 0 }, 0);
      const until = performance.now() + 20_000;
      let read = recordsOf(await fetcher.poll(1_000));
      while (read.length === 0 && performance.now() < until) read = recordsOf(await fetcher.poll(1_000));
      await fetcher.close();
      assertEquals(read.map(({ value }) => value), ["c"]);
      assertEquals(moved, [[0, 2]]);
    },
  );

  test("records can't be deleted beyond the end, nor of what is not there", 1, async ({ log, topic }) => {
    await writeRecords(log, topic, [{ value: "a" }]);
    for (const [partition, offset] of [[0, 2], [5, 0]] as const) {
      const error = await assertRejects(() => log.deleteRecords([{ topic, partition, offset }]), Error);
      assert(error.message.includes(topic), error.message);
    }
    assertEquals((await readRecords(log, topic)).length, 1);
  });
}
