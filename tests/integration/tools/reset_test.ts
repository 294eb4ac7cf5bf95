import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { reset } from "../../../scripts/reset.ts";
import type { Target } from "../../../src/service/reset/plan.ts";
import { resetApplication, ResetRefused } from "../../../src/service/reset/reset.ts";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, type TestRecord, writeRecords } from "../../kafka/port/records.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** How often each value came, by a repartition topic. */
function topology(id: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${id}-in`, text).groupBy((_key, value) => value, { ...text, name: "words" })
    .count({ value: int64Serde(), name: "counts" }).toStream()
    .map((key, count): [string, string] => [key, String(count)]).to(`${id}-out`, text);
  return builder.build();
}

interface Context {
  readonly log: KafkaLog;
  readonly id: string;
  readonly internal: readonly string[];
  /** Runs the application until it has written so many records in all, and ends it. */
  run(records: number): Promise<void>;
  /** The command with the application's flags; what it printed. */
  command(...args: string[]): Promise<string>;
  /** What the application has written. */
  out(): Promise<string[]>;
}

function test(name: string, body: (context: Context) => Promise<void>): void {
  Deno.test(`reset: ${name}`, async () => {
    const id = `reset-${crypto.randomUUID().slice(0, 8)}`;
    const log = new KafkaLog(connection(), { logger: quiet });
    const internal = [`${id}-counts-changelog`, `${id}-words-repartition`];
    const out = async () => (await readRecords(log, `${id}-out`)).map(({ key, value }) => `${key}${value}`);
    try {
      await log.createTopics([
        { topic: `${id}-in`, partitions: 2, replicationFactor: 1 },
        { topic: `${id}-out`, partitions: 1, replicationFactor: 1 },
      ]);
      await body({
        log,
        id,
        internal,
        out,
        run: async (records) => {
          const app = new StreamsApp(topology(id), log, { applicationId: id });
          await app.start();
          await until(`${records} records`, async () => (await out()).length >= records);
          await app.close();
        },
        command: async (...args) => {
          let said = "";
          const flags = ["--application-id", id, "--input-topics", `${id}-in`, ...args];
          await reset(flags, connection, (line) => said += `${line}\n`);
          return said;
        },
      });
    } finally {
      await log.deleteTopics([`${id}-in`, `${id}-out`, ...internal, `${id}-2-counts-changelog`]);
      await log.close();
    }
  });
}

const LOAD: TestRecord[] = [
  { partition: 0, timestamp: 1_000, value: "a" },
  { partition: 0, timestamp: 2_000, value: "a" },
  { partition: 1, timestamp: 3_000, value: "b" },
];

test("shows what it would do and does nothing; with --execute the application begins without offsets and state", async (t) => {
  const { log, id, internal, run, command, out } = t;
  await writeRecords(log, `${id}-in`, LOAD);
  await run(3);
  assertEquals((await out()).sort(), ["a1", "a2", "b1"]);
  const inputs = [0, 1].map((partition) => ({ topic: `${id}-in`, partition }));

  const shown = await command();
  for (const each of [...internal, "Nothing was changed: --execute does it"]) {
    assertStringIncludes(shown, each);
  }
  assert(new RegExp(`${id}-in +0 +0 +2 +2 +0\\n`).test(shown), shown);
  assertEquals((await log.describeTopics(internal)).size, 2);
  assertEquals(await log.committed(id, inputs), [2, 1]);

  const done = await command("--execute");
  assertStringIncludes(done, "set the offsets of 2 partitions");
  assertStringIncludes(done, "deleted 2 internal topics");
  assertEquals((await log.describeTopics(internal)).size, 0);
  assertEquals(await log.committed(id, inputs), [0, 0]);
  await run(6);
  assertEquals((await out()).sort(), ["a1", "a1", "a2", "a2", "b1", "b1"]);
});

test("an end, an offset and a time are each brought within what the log holds", async ({ log, id, run, command }) => {
  await writeRecords(log, `${id}-in`, LOAD);
  await run(3);
  const inputs = [0, 1].map((partition) => ({ topic: `${id}-in`, partition }));
  const to = async (where: string): Promise<[string, (number | undefined)[]]> => [
    await command("--to", where, "--execute"),
    await log.committed(id, inputs),
  ];
  assertEquals((await to("latest"))[1], [2, 1]);
  const [offset, at] = await to("2");
  assertEquals(at, [2, 1]);
  assertStringIncludes(offset, "2 is beyond the end");
  const [time, from] = await to("1970-01-01T00:00:02Z");
  assertEquals(from, [1, 0]);
  assert(!time.includes("nothing so new"), time);
  const [late, end] = await to("1h");
  assertEquals(end, [2, 1]);
  assertStringIncludes(late, "nothing so new: at the end");
  await log.deleteRecords([{ ...inputs[0]!, offset: 1 }]);
  const [gone, begin] = await to("0");
  assertEquals(begin, [1, 0]);
  assertStringIncludes(gone, "0 is gone: at the begin");
});

test("refuses while members live, and names them", async ({ log, id, internal, command }) => {
  const app = new StreamsApp(topology(id), log, { applicationId: id });
  await app.start();
  const error = await assertRejects(() => command("--execute"), ResetRefused);
  assertStringIncludes(error.message, `Cannot reset ${id}: received a group with 1 live member: kos at `);
  assertEquals((await log.describeTopics(internal)).size, 2);
  await app.close();
  await command("--execute");
  assertEquals((await log.describeTopics(internal)).size, 0);
});

test("an input topic or an application that is not there is named", async ({ id, command }) => {
  await assertRejects(
    () => command("--input-topics", `${id}-not`),
    ResetRefused,
    `the input topic ${id}-not`,
  );
  await assertRejects(() => command(), ResetRefused, "an application id that no group and no topic has");
});

test("an application that ended before its first commit begins where that was asked for", async ({ log, id }) => {
  await writeRecords(log, `${id}-in`, LOAD);
  const to = async (target: Target): Promise<(number | undefined)[]> => {
    const request = { applicationId: id, inputTopics: [`${id}-in`], to: target, execute: true };
    await resetApplication({ ...request, mayBeAbsent: true }, connection(), () => {});
    return await log.committed(id, [0, 1].map((partition) => ({ topic: `${id}-in`, partition })));
  };
  assertEquals(await to({ kind: "earliest" }), [undefined, undefined]);
  assertEquals(await to({ kind: "latest" }), [2, 1]);
});

test("leaves the topics of an application whose id goes on from this one's", async ({ log, id, run, command }) => {
  const other = { topic: `${id}-2-counts-changelog`, partitions: 1, replicationFactor: 1 };
  await log.createTopics([other]);
  const member = log.group({
    groupId: `${id}-2`,
    topics: [`${id}-in`],
    assignor: {
      name: "none",
      userData: () => new Uint8Array(),
      assign: (all) => new Map(all.map((m) => [m.memberId, { partitions: [] }])),
    },
    onAssigned: () => Promise.resolve(),
    onRevoked: () => Promise.resolve(),
    onLost: () => Promise.resolve(),
  });
  await member.join();
  await writeRecords(log, `${id}-in`, LOAD);
  await run(3);
  assertStringIncludes(await command("--execute"), `left alone: ${other.topic}, of application ${id}-2`);
  assertEquals((await log.describeTopics([other.topic])).size, 1);
  await member.leave();
});

test("removes the application's state on disk where that is asked for", async ({ log, id, run, command }) => {
  await writeRecords(log, `${id}-in`, LOAD);
  await run(3);
  const folder = await Deno.makeTempDir({ prefix: "kos-reset-" });
  try {
    await Deno.mkdir(`${folder}/${id}`);
    await Deno.writeTextFile(`${folder}/${id}/1_0.sqlite`, "");
    await Deno.mkdir(`${folder}/another`);
    assertStringIncludes(await command("--state-dir", folder), `state on disk to remove: ${folder}/${id}`);
    assertEquals([...Deno.readDirSync(folder)].length, 2);
    await command("--state-dir", folder, "--execute");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["another"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("reset: as a command it ends with 0, 1 or 2, and needs no more than its permissions", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-P=reset", "scripts/reset.ts", ...args],
      env: { KAFKA_BROKERS: brokers().join(",") },
    }).output();
    return [code, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)] as const;
  };
  const [help, helpText] = await run("--help");
  assertEquals(help, 0, helpText);
  assertStringIncludes(helpText, "default: earliest");
  const [wrong, why] = await run("--to", "somewhere");
  assertEquals(wrong, 2, why);
  const [missing, what] = await run("--input-topics", "no-such-topic");
  assertEquals(missing, 1, what);
  assertStringIncludes(what, "no-such-topic");
});
