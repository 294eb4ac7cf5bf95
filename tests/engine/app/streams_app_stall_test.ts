/** Applications on the in-memory log that stand still, and those that only rest. */
import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type StreamsConfig } from "../../../src/engine/mod.ts";
import {
  CommitRejected,
  type GroupMember,
  type Log,
  MemoryLog,
  type Producer,
} from "../../../src/kafka/mod.ts";
import { until } from "./app_contract.ts";
import { but } from "../../support/but.ts";

const text = { key: stringSerde(), value: stringSerde() };
const STALL_MS = 160;
/** The same where there must be none: a busy machine's own pauses are shorter. */
const REST_MS = 1_200;

/** Runs an application that copies records, on a log with one partition; `said` are its warnings. */
async function withApp(
  log: MemoryLog,
  config: Partial<StreamsConfig>,
  seen: Log,
  body: (app: StreamsApp, said: string[], write: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out", text);
  const said: string[] = [];
  const app = new StreamsApp(builder.build(), seen, {
    applicationId: "copy",
    stallTimeoutMs: STALL_MS,
    commitIntervalMs: 20,
    logger: { info: (line) => said.push(line), warn: (line) => said.push(line) },
    ...config,
  });
  const producer = log.producer();
  const value = new TextEncoder().encode("hello");
  try {
    await app.start();
    await body(app, said, async () => {
      producer.append("in", 0, Date.now(), { bytes: value, from: 0, to: 5 }, {
        bytes: value,
        from: 0,
        to: 5,
      });
      await producer.flush();
    });
  } finally {
    await producer.close();
    await app.close().catch(() => {}); // what stood still can't be committed either
    await log.close();
  }
}

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`stalls, ${processingGuarantee}: an application that is idle, or busy now and then, has none`, async () => {
    const log = new MemoryLog();
    await withApp(log, { processingGuarantee, stallTimeoutMs: REST_MS }, log, async (app, said, write) => {
      for (let i = 0; i < 2; i++) {
        await write();
        await until("processed", () => app.stats.processed === i + 1);
        await delay(1.25 * REST_MS);
        assertEquals(app.stalls, []);
      }
      assertEquals(said.filter((line) => line.startsWith("Stalled")), []);
      assertEquals(app.cutOff, undefined);
      assertEquals(app.knowsAssignment, true);
    });
  });
}

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  Deno.test(`stalls, ${processingGuarantee}: records dropped for their time are committed though no others come`, async () => {
    const log = new MemoryLog();
    await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
    const builder = new StreamsBuilder();
    builder.stream("in", { ...text, timestampExtractor: () => -1 }).to("out", text);
    const app = new StreamsApp(builder.build(), log, { applicationId: "copy", processingGuarantee });
    await app.start();
    const producer = log.producer();
    const value = new TextEncoder().encode("hello");
    const committed = async (): Promise<number | undefined> =>
      (await log.committed("copy", [{ topic: "in", partition: 0 }]))[0];
    try {
      for (let i = 1; i <= 2; i++) {
        // The second one comes when all rests.
        await delay(50);
        producer.append("in", 0, Date.now(), { bytes: value, from: 0, to: 5 }, {
          bytes: value,
          from: 0,
          to: 5,
        });
        await producer.flush();
        await until("committed", async () => await committed() === i);
      }
    } finally {
      await producer.close();
      await app.close();
      await log.close();
    }
  });
}

Deno.test("stalls: records that wait since the producer can't write", async () => {
  const log = new MemoryLog();
  let blocked = true;
  const ready = async (): Promise<void> => {
    while (blocked) await delay(5);
  };
  const seen = but<Log>(log, {
    producer: (options) =>
      but<Producer>(log.producer(options), { ready, retries: { count: 3, last: "NOT_ENOUGH_REPLICAS" } }),
  });
  await withApp(log, {}, seen, async (app, said, write) => {
    // The loop waits before it polls: one record may be fetched already, the next ones are not.
    for (let i = 0; i < 5; i++) await write();
    await until("a stall", () => app.stalls.length > 0);
    assertMatch(
      app.stalls[0]!,
      /^task 0_0 has processed nothing for \d+ s .*in-0 is at \d of \d, a lag of \d$/,
    );
    assertEquals(said.filter((line) => line.startsWith("Stalled: task 0_0")).length >= 1, true);
    blocked = false;
    await until("no stall", () => app.stalls.length === 0);
    await until("told", () => said.includes("Not stalled any more"));
    await until("processed", () => app.stats.processed === 5);
  });
});

Deno.test("stalls: commits that are refused for ever, though records are processed", async () => {
  const log = new MemoryLog();
  let refused = true;
  const seen = but<Log>(log, {
    group: (options) => {
      const member = log.group(options);
      const commit = (offsets: Parameters<GroupMember["commit"]>[0]): Promise<void> =>
        refused
          ? Promise.reject(new CommitRejected("a rebalance without end", true))
          : member.commit(offsets);
      return but<GroupMember>(member, { commit });
    },
  });
  await withApp(log, {}, seen, async (app, _said, write) => {
    const writing = setInterval(() => void write(), 10);
    try {
      const stall = (): string | undefined =>
        app.stalls.find((each) => each.includes("has committed nothing"));
      await until("a stall", () => stall() !== undefined);
      assertMatch(
        stall()!,
        /^task 0_0 has committed nothing .*last error: a rebalance without end\).*in-0 was processed to \d+ and committed to 0$/,
      );
      refused = false;
      await until("no stall", () => app.stalls.length === 0);
    } finally {
      clearInterval(writing);
    }
  });
});
