/** The fall-back beside what it is not: other clients' records and members. */
import { assert, assertEquals } from "@std/assert";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import { PublicKafkaLog } from "../../../src/kafka/public_client/log.ts";
import { TestMember } from "../../kafka/members.ts";
import { bytes, readRecords, writeRecords } from "../../kafka/records.ts";
import { connection, quiet } from "./broker.ts";

function test(name: string, body: (fallBack: Log, fast: Log, topic: string) => Promise<void>): void {
  Deno.test(`kafkajs's public interface only: ${name}`, async () => {
    const logs = [
      new PublicKafkaLog(connection(), { logger: quiet }),
      new KafkaLog(connection(), { logger: quiet }),
    ] as const;
    const topic = `public-${crypto.randomUUID().slice(0, 8)}`;
    try {
      await body(...logs, topic);
    } finally {
      await logs[0].deleteTopics([topic]);
      for (const log of logs) await log.close();
    }
  });
}

for (const compression of ["gzip", "snappy", "lz4", "zstd"]) {
  test(`it reads what the broker has compressed (${compression})`, async (fallBack, fast, topic) => {
    await fast.createTopics([{ topic, partitions: 1, config: { "compression.type": compression } }]);
    const headers = [{ key: "h", value: bytes("1") }];
    const values = Array.from({ length: 300 }, (_, i) => `${i} `.repeat(100));
    await writeRecords(
      fast,
      topic,
      values.map((value, i) => ({ key: `${i}`, value, timestamp: i, headers })),
    );
    const read = await readRecords(fallBack, topic);
    assertEquals(read.map(({ value }) => value), values);
    assertEquals(read, await readRecords(fast, topic));
  });
}

test("members of both clients share one group", async (fallBack, fast, topic) => {
  await fast.createTopics([{ topic, partitions: 4 }]);
  const options = { groupId: `${topic}-group`, topics: [topic] };
  const [one, two, three] = [fast, fallBack, fast].map((log) => new TestMember(log, options));
  const all = [one!, two!, three!];
  await one!.member.join();
  await two!.member.join();
  await Promise.all([one!.untilOwns(2), two!.untilOwns(2)]);
  // Now the fall-back leads.
  await one!.member.leave();
  await two!.untilOwns(4);
  await three!.member.join();
  await Promise.all([two!.untilOwns(2), three!.untilOwns(2)]);
  for (const { owned, events } of all.slice(1)) {
    assertEquals(events.filter(({ what }) => what === "lost"), []);
    for (const { what, partitions } of events) {
      if (what === "revoked") assert(!partitions.some((p) => owned.has(p)), JSON.stringify(events));
    }
  }
  await Promise.all([two!.member.leave(), three!.member.leave()]);
});

test("that it can't be a static member it says, and is another", async (_fallBack, _fast, topic) => {
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
  const log = new PublicKafkaLog(connection(), { logger });
  await log.createTopics([{ topic, partitions: 1 }]);
  const member = new TestMember(log, {
    groupId: `${topic}-group`,
    topics: [topic],
    groupInstanceId: "pod-0",
  });
  await member.member.join();
  assertEquals(lines.filter((line) => line.includes("pod-0") && line.includes("static")).length, 1);
  await member.member.leave();
  await log.close();
});
