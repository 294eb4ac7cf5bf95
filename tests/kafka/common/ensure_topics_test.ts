import { assertEquals, assertRejects } from "@std/assert";
import { ensureTopics } from "../../../src/kafka/common/ensure_topics.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";

/** What is said when these topics exist, by their partitions, and four partitions are asked for. */
async function said(existing: Record<string, number>, topics = ["a", "b"]) {
  const log = new MemoryLog();
  await log.createTopics(Object.entries(existing).map(([topic, partitions]) => ({ topic, partitions })));
  const infos: string[] = [];
  const warnings: string[] = [];
  const logger = { info: (line: string) => infos.push(line), warn: (line: string) => warnings.push(line) };
  const partitions = await ensureTopics(log, topics, 4, 1, logger);
  return { partitions, infos, warnings };
}

Deno.test("missing topics are created as asked for, and a missing one like those that it must match", async () => {
  assertEquals(await said({}), { partitions: 4, infos: ["created a, b with 4 partitions"], warnings: [] });
  const { partitions, infos } = await said({ a: 6 });
  assertEquals([partitions, infos], [6, ["created b with 6 partitions"]]);
});

Deno.test("topics with fewer partitions than asked for are a warning with both numbers, and what follows", async () => {
  const { partitions, warnings } = await said({ a: 2, b: 2 });
  assertEquals(partitions, 2);
  assertEquals(warnings.length, 1);
  assertEquals(
    warnings[0]!.split(";")[0],
    "a and b exist with 2 partitions, fewer than --partitions 4, which has no effect: no more than 2 instances can share the work",
  );
  const one = await said({ a: 1 }, ["a"]);
  assertEquals(one.warnings[0]!.startsWith("a exists with 1 partition, fewer than --partitions 4"), true);
});

Deno.test("topics with more partitions than asked for are a warning with both numbers", async () => {
  assertEquals((await said({ a: 6, b: 6 })).warnings, [
    "a and b exist with 6 partitions, more than --partitions 4, which has no effect",
  ]);
  assertEquals((await said({ a: 4, b: 4 })).warnings, []);
});

Deno.test("topics that are to be joined and differ are refused", async () => {
  await assertRejects(() => said({ a: 2, b: 3 }), Error, "received a with 2 and b with 3 partitions");
});
