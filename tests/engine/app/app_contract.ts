/**
 * What an application does on any log: run against the in-memory log and against Kafka.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { EncodeBuffer, int64Serde, jsonSerde, stringSerde } from "../../../src/serde/mod.ts";
import {
  JoinWindows,
  StreamsApp,
  StreamsBuilder,
  type StreamsConfig,
  type Topology,
  TopologyError,
} from "../../../src/engine/mod.ts";
import type { Log } from "../../../src/kafka/mod.ts";
import { partitionFor } from "../../../src/kafka/port/murmur2.ts";

const text = { key: stringSerde(), value: stringSerde() };
const lists = { key: stringSerde(), value: jsonSerde<string[]>() };

/** A log, and a name that no other test uses. */
export interface Place {
  readonly log: Log;
  readonly name: string;
}

/** Gives each test a place and cleans it up. */
export type WithPlace = (body: (place: Place) => Promise<void>) => Promise<void>;

/** Left joined with right within 5 s, gathered in a list a key. */
function joinTopology(name: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-left`, text)
    .join(
      builder.stream(`${name}-right`, text),
      (l, r) => `${l}+${r}`,
      JoinWindows.ofTimeDifferenceAndGrace(5_000, 600_000),
      {
        ...text,
        otherValue: stringSerde(),
      },
    )
    .groupByKey(text)
    .aggregate(() => [] as string[], (_key, value, list) => [...list, value], { value: lists.value })
    .toStream()
    .to(`${name}-out`, lists);
  return builder.build();
}

/** Waits until something is so, and fails after half a minute. */
export async function until(what: string, so: () => Promise<boolean> | boolean, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!await so()) {
    if (Date.now() > end) throw new Error(`${what}: not so after ${ms / 1000} s`);
    await delay(20);
  }
}

/** Starts an application, and waits until all its tasks run: it is ready as soon as one of them does. */
export async function startWhole(app: StreamsApp): Promise<void> {
  await app.start();
  await until("all its tasks run", () => app.ready && app.restoringTasks.length === 0);
}

/** Writes text records to the partitions that Kafka's partitioner chooses. */
async function write(
  log: Log,
  topic: string,
  partitions: number,
  records: [string, string, number][],
): Promise<void> {
  const producer = log.producer();
  const buffer = new EncodeBuffer();
  for (const [key, value, timestamp] of records) {
    const at = buffer.encode(text.key, key, 0);
    const end = buffer.encode(text.value, value, at);
    producer.append(topic, partitionFor(buffer.bytes, 0, at, partitions), timestamp, {
      bytes: buffer.bytes,
      from: 0,
      to: at,
    }, { bytes: buffer.bytes, from: at, to: end });
  }
  await producer.close();
}

/** The last value of each key in a topic of text keys and JSON values. */
async function lastValues(log: Log, topic: string): Promise<Map<string, string[]>> {
  const { partitions } = (await log.describeTopics([topic])).get(topic)!;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const ends = await log.offsets(all, "latest");
  const positions = await log.offsets(all, "earliest");
  const fetcher = log.fetcher();
  const last = new Map<string, string[]>();
  for (const [i, each] of all.entries()) fetcher.assign(each, positions[i]!);
  while (positions.some((position, i) => position < ends[i]!)) {
    for (const set of await fetcher.poll(1000)) {
      positions[set.partition] = set.nextOffset;
      for (let i = 0; i < set.count; i++) {
        const key = text.key.decode(set.bytes, set.keyStart[i]!, set.keyEnd[i]!);
        last.set(key, lists.value.decode(set.bytes, set.valueStart[i]!, set.valueEnd[i]!));
      }
    }
  }
  await fetcher.close();
  return last;
}

const PARTITIONS = 4;
const KEYS = 200;

async function createTopics({ log, name }: Place): Promise<void> {
  await log.createTopics(
    ["left", "right", "out"].map((topic) => ({
      topic: `${name}-${topic}`,
      partitions: PARTITIONS,
      replicationFactor: 1,
    })),
  );
}

/** Rounds of load for {@linkcode joinTopology}, each key once a round and side, and what has to come out of them. */
class Load {
  rounds = 0;
  // Near the present: brokers delete old records of windows' changelogs.
  readonly #begin = Date.now();
  readonly #place: Place;
  constructor(place: Place) {
    this.#place = place;
  }
  async round(): Promise<void> {
    const { log, name } = this.#place;
    const round = this.rounds++;
    const side = (letter: string): [string, string, number][] =>
      Array.from(
        { length: KEYS },
        (_, key) => [`key ${key}`, `${letter}${round}`, this.#begin + round * 20_000],
      );
    await write(log, `${name}-left`, PARTITIONS, side("l"));
    await write(log, `${name}-right`, PARTITIONS, side("r"));
  }
  /** What is not there yet, or wrong. */
  async problems(exact: boolean): Promise<string[]> {
    const found = await lastValues(this.#place.log, `${this.#place.name}-out`);
    const problems: string[] = [];
    for (let key = 0; key < KEYS; key++) {
      const list = found.get(`key ${key}`) ?? [];
      for (let round = 0; round < this.rounds; round++) {
        const count = list.filter((value) => value === `l${round}+r${round}`).length;
        if (exact ? count !== 1 : count < 1) {
          problems.push(`key ${key} has l${round}+r${round} ${count} times`);
        }
      }
    }
    return problems;
  }
}

function start({ log, name }: Place, config: Partial<StreamsConfig> = {}): StreamsApp {
  return new StreamsApp(joinTopology(name), log, { applicationId: name, ...config });
}

/** Defines the tests. */
export function appContract(kind: string, withPlace: WithPlace): void {
  const test = (name: string, body: (place: Place) => Promise<void>): void =>
    Deno.test(`${kind}: ${name}`, () => withPlace(body));

  test("joins, aggregates and goes on where it was, with its state", async (place) => {
    await createTopics(place);
    const load = new Load(place);
    await load.round();
    for (let run = 0; run < 3; run++) {
      const app = start(place);
      await app.start();
      await until("ready", () => app.ready);
      await load.round();
      await until("all sessions", async () => (await load.problems(true)).length === 0);
      if (run > 0) assert(app.stats.restored > 0, "nothing was restored");
      await app.close();
      assertEquals(app.state, "closed");
      assertEquals(app.stats.processed, KEYS * 2 * (run === 0 ? 2 : 1));
    }
  });

  test("instances share the tasks, none is lost when they come and go under load", async (place) => {
    await createTopics(place);
    const load = new Load(place);
    const apps = [start(place)];
    await apps[0]!.start();
    for (let more = 0; more < 2; more++) {
      await load.round();
      apps.push(start(place));
      await apps.at(-1)!.start();
      await load.round();
    }
    await until("all tasks shared", () => {
      const tasks = apps.flatMap((app) => app.tasks).sort();
      return tasks.join() === "0_0,0_1,0_2,0_3" && apps.every((app) => app.tasks.length >= 1);
    });
    for (const app of apps) {
      const owned = app.positions().map(({ topic, partition }) => `${topic}-${partition}`).sort();
      const expected = app.tasks.flatMap((task) =>
        ["left", "right"].map((side) => `${place.name}-${side}-${task.slice(2)}`)
      ).sort();
      assertEquals(owned, expected);
    }
    await load.round();
    while (apps.length > 1) {
      await apps.shift()!.close();
      await load.round();
    }
    await until("all tasks at the last one", () => apps[0]!.tasks.length === PARTITIONS);
    await until("all sessions", async () => (await load.problems(true)).length === 0);
    assertEquals(apps[0]!.positions().every(({ position, endOffset }) => position === endOffset), true);
    await apps[0]!.close();
  });

  test("with standbys, a task that moves restores next to nothing, and its state is right", async (place) => {
    await createTopics(place);
    const load = new Load(place);
    const config = { numStandbyReplicas: 1 };
    const first = start(place, config);
    await first.start();
    for (let i = 0; i < 5; i++) await load.round();
    const second = start(place, config);
    await second.start();
    await until(
      "both ready",
      () => first.ready && second.ready && first.tasks.length === 2 && second.tasks.length === 2,
    );
    await until("all sessions", async () => (await load.problems(true)).length === 0);
    // The standbys read the changelogs to their ends: without them the second one would restore all of it when the first one leaves.
    await until("standbys current", () => second.standbyTasks.length === 2 && second.standbyLag === 0);
    const restored = second.stats.restored;
    await first.close();
    await until("all tasks at the second", () => second.tasks.length === PARTITIONS);
    await load.round();
    await until("all sessions", async () => (await load.problems(true)).length === 0);
    assertEquals(second.stats.restored, restored, "records restored after the first instance left");
    await second.close();
  });

  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    test(`tasks come and go with their state, nothing of it is left to restore, ${processingGuarantee}`, async (place) => {
      await createTopics(place);
      const load = new Load(place);
      const first = start(place, { processingGuarantee });
      await first.start();
      for (let i = 0; i < 5; i++) await load.round();
      await until("all sessions", async () => (await load.problems(true)).length === 0);
      const second = start(place, { processingGuarantee });
      await second.start();
      await until("two tasks each", () => first.tasks.length === 2 && second.tasks.length === 2);
      await load.round();
      await until("all sessions", async () => (await load.problems(true)).length === 0);
      assertEquals([second.warmupTasks, second.standbyTasks, second.stats.restored], [[], [], 0]);
      await first.leave(60_000);
      assertEquals(first.state, "closed");
      await until("all tasks at the second", () => second.tasks.length === PARTITIONS);
      assertEquals(second.stats.restored, 0, "records restored after the first instance left");
      await load.round();
      await until("all sessions", async () => (await load.problems(true)).length === 0);
      // Nobody is there to wait for.
      await second.leave(3_600_000);
    });
  }

  test("a key is read from the instance that has it, and the others tell which one that is", async (place) => {
    await createTopics(place);
    const load = new Load(place);
    await load.round();
    const store = "KSTREAM-AGGREGATE-STATE-STORE-0000000007";
    const keys = Array.from({ length: KEYS }, (_, key) => `key ${key}`);
    const first = start(place, { endpoint: "first:9001" });
    await assertRejects(() => first.queryStore(store, "key 0"), Error, "an application that is created");
    await first.start();
    await until("all sessions", async () => (await load.problems(true)).length === 0);
    for (const key of keys) {
      const answer = await first.queryStore<string[]>(store, key);
      assertEquals(answer, { kind: "local", task: answer.task, value: ["l0+r0"] });
    }
    assertEquals((await first.queryStore(store, "nobody's")).kind, "local");
    await assertRejects(() => first.queryStore("other", "key 0"), Error, `not one of ${store}`);
    assertEquals((await first.storeEntries(store, 7)).length, 7);
    assertEquals((await first.storeEntries(store, 1000)).length, KEYS);
    assertEquals(
      first.stores().filter((each) => each.store === store).reduce((sum, { entries }) => sum + entries, 0),
      KEYS,
    );

    const second = start(place, { endpoint: "second:9001" });
    const third = start(place);
    await second.start();
    await third.start();
    const apps = [first, second, third];
    const settled = (): boolean =>
      apps.every((app) => app.ready && app.tasks.length > 0) &&
      apps.flatMap((app) => app.tasks).length === PARTITIONS &&
      apps.every((app) => app.taskEndpoints.size === first.tasks.length + second.tasks.length);
    await until("three instances", settled);
    for (const key of keys) {
      const answers = await Promise.all(apps.map((app) => app.queryStore<string[]>(store, key)));
      const owner = answers.findIndex(({ kind }) => kind === "local");
      const { task } = answers[owner]!;
      assert(apps[owner]!.tasks.includes(task));
      for (const [i, answer] of answers.entries()) {
        if (i === owner) assertEquals(answer, { kind: "local", task, value: ["l0+r0"] });
        else if (owner === 2) assertEquals(answer, { kind: "unknown", task });
        else {assertEquals(answer, {
            kind: "elsewhere",
            task,
            endpoint: ["first:9001", "second:9001"][owner],
          });}
      }
    }
    // What moves is found again where it moves to.
    await first.close();
    await assertRejects(() => first.queryStore(store, "key 0"), Error, "an application that is closed");
    await until(
      "two instances",
      () =>
        second.ready && third.ready && second.tasks.length + third.tasks.length === PARTITIONS &&
        third.taskEndpoints.size === second.tasks.length,
    );
    for (const key of keys) {
      const [one, other] = [await second.queryStore(store, key), await third.queryStore(store, key)];
      if (other.kind === "local") assertEquals(one.kind, "unknown");
      else {assertEquals([one.kind, other], ["local", {
          kind: "elsewhere",
          task: one.task,
          endpoint: "second:9001",
        }]);}
    }
    await second.close();
    await third.close();
  });

  test("records with changed keys come to the task of their new key, by a topic of the application's own", async (place) => {
    const { log, name } = place;
    await log.createTopics([
      { topic: `${name}-left`, partitions: 2, replicationFactor: 1 },
      { topic: `${name}-right`, partitions: PARTITIONS, replicationFactor: 1 },
      { topic: `${name}-out`, partitions: 1, replicationFactor: 1 },
    ]);
    const grouped = new StreamsBuilder();
    grouped.stream([`${name}-left`, `${name}-right`], text)
      .map((key, value) => [value, key])
      .groupByKey({ ...text, name: "groups" })
      .aggregate(() => [] as string[], (_key, value, list) => [...list, value], { value: lists.value })
      .toStream()
      .to(`${name}-out`, lists);
    const apps = [0, 1].map(() => new StreamsApp(grouped.build(), log, { applicationId: name }));
    for (const app of apps) await app.start();
    const repartition = `${name}-groups-repartition`;
    // As many as the largest of the topics before it.
    assertEquals((await log.describeTopics([repartition])).get(repartition)?.partitions, PARTITIONS);
    const begin = Date.now();
    const records = (side: string): [string, string, number][] =>
      Array.from({ length: KEYS }, (_, i) => [`${side} ${i}`, `group ${i % 10}`, begin + i]);
    await write(log, `${name}-left`, 2, records("left"));
    await write(log, `${name}-right`, PARTITIONS, records("right"));
    const members = (i: number): string[] =>
      Array.from({ length: KEYS / 10 }, (_, n) => [`left ${i + n * 10}`, `right ${i + n * 10}`]).flat()
        .sort();
    await until("all groups", async () => {
      const found = await lastValues(log, `${name}-out`);
      for (let i = 0; i < 10; i++) {
        if ((found.get(`group ${i}`) ?? []).length < members(i).length) return false;
      }
      return true;
    });
    const found = await lastValues(log, `${name}-out`);
    for (let i = 0; i < 10; i++) assertEquals([...found.get(`group ${i}`)!].sort(), members(i));
    await until("both parts shared", () => {
      const tasks = apps.flatMap((app) => app.tasks).sort();
      return tasks.join() === "0_0,0_1,0_2,0_3,1_0,1_1,1_2,1_3" &&
        apps.every((app) => app.tasks.length === 4);
    });
    for (const app of apps) await app.close();
    const other = new StreamsBuilder();
    other.stream(`${name}-left`, text).repartition({ ...text, name: "groups" }).to(`${name}-out`, text);
    await assertRejects(
      () => new StreamsApp(other.build(), log, { applicationId: name }).start(),
      TopologyError,
      `Cannot use repartition topic ${repartition}: received a topic with ${PARTITIONS} partitions where 2 are needed`,
    );
  });

  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    test(`repartition topics are purged of what is committed, ${processingGuarantee}`, async (place) => {
      const { log, name } = place;
      await log.createTopics(
        ["left", "out"].map((topic) => ({ topic: `${name}-${topic}`, partitions: 2, replicationFactor: 1 })),
      );
      const builder = new StreamsBuilder();
      builder.stream(`${name}-left`, text).map((key, value) => [value, key] as const)
        .repartition({ ...text, name: "groups" }).to(`${name}-out`, text);
      const config = { applicationId: name, processingGuarantee };
      const repartition = [0, 1].map((partition) => ({ topic: `${name}-groups-repartition`, partition }));
      const both = async (): Promise<[number[], number[], (number | undefined)[]]> => [
        await log.offsets(repartition, "earliest"),
        await log.offsets(repartition, "latest"),
        await log.committed(name, repartition),
      ];
      const load = Array.from(
        { length: KEYS },
        (_, i): [string, string, number] => [`${i}`, `${i}`, 1_000 + i],
      );
      // Not purged by this one: its successor has to, though no more records come.
      const first = new StreamsApp(builder.build(), log, config);
      await first.start();
      await write(log, `${name}-left`, 2, load);
      await until("all committed", async () => {
        const [, ends, committed] = await both();
        return ends.every((end) => end > 0) && committed.every((offset, i) => offset === ends[i]);
      });
      await first.close();
      assertEquals(await log.offsets(repartition, "earliest"), [0, 0]);
      const second = new StreamsApp(builder.build(), log, { ...config, repartitionPurgeIntervalMs: 20 });
      await second.start();
      await until("purged after the restart", async () => {
        const [starts, , committed] = await both();
        return starts.every((start, i) => start > 0 && start === committed[i]);
      });
      await write(log, `${name}-left`, 2, load);
      await until("purged while it runs", async () => {
        const [starts, ends, committed] = await both();
        for (const [i, start] of starts.entries()) {
          assert(start <= committed[i]!, `${start}, ${committed[i]}`);
        }
        return starts.every((start, i) => start === committed[i] && start >= ends[i]! - 1) &&
          (await log.offsets([0, 1].map((partition) => ({ topic: `${name}-out`, partition })), "latest"))
              .reduce((sum, end) => sum + end) >= 2 * KEYS;
      });
      await second.close();
    });
  }

  test("a topology that can't run on the log is refused by name", async (place) => {
    const { log, name } = place;
    await assertRejects(
      () => start(place).start(),
      TopologyError,
      `without the topics ${name}-left, ${name}-right, ${name}-out`,
    );
    await log.createTopics([
      { topic: `${name}-left`, partitions: 2, replicationFactor: 1 },
      { topic: `${name}-right`, partitions: 3, replicationFactor: 1 },
      { topic: `${name}-out`, partitions: 1, replicationFactor: 1 },
    ]);
    await assertRejects(
      () => start(place).start(),
      TopologyError,
      `${name}-left with 2 partitions, ${name}-right with 3 partitions`,
    );
  });

  test("a changelog with another number of partitions is refused, not overwritten", async (place) => {
    await createTopics(place);
    const topic = `${place.name}-KSTREAM-JOINTHIS-0000000004-store-changelog`;
    await place.log.createTopics([{ topic, partitions: 3, replicationFactor: 1 }]);
    await assertRejects(
      () => start(place).start(),
      TopologyError,
      `${topic}: received a topic with 3 partitions for 4 tasks`,
    );
    await place.log.deleteTopics([topic]);
  });

  test("an undecodable record is dropped and counted, or ends the application before it", async ({ log, name }) => {
    const topics = ["in", "out"].map((topic) => ({
      topic: `${name}-${topic}`,
      partitions: 1,
      replicationFactor: 1,
    }));
    await log.createTopics(topics);
    const builder = new StreamsBuilder();
    const numbers = { key: stringSerde(), value: int64Serde() };
    builder.stream(`${name}-in`, numbers).to(`${name}-out`, numbers);
    await write(log, `${name}-in`, 1, [["a", "\0\0\0\0\0\0\0A", 1], ["b", "bad", 2], [
      "c",
      "\0\0\0\0\0\0\0B",
      3,
    ]]);
    const strict = new StreamsApp(builder.build(), log, { applicationId: name, onUndecodable: () => "fail" });
    await strict.start();
    await assertRejects(
      () => strict.done,
      Error,
      `Cannot decode the value of the record at offset 1 of ${name}-in-0`,
    );
    assertEquals(strict.state, "failed");
    const warnings: string[] = [];
    const lenient = new StreamsApp(builder.build(), log, {
      applicationId: name,
      logger: { info() {}, warn: (line) => warnings.push(line) },
    });
    // So that a rate is known from the first one on.
    assertEquals(lenient.stats.decodeFailures, { [`${name}-in`]: 0 });
    assertEquals(lenient.stats.produced, { [`${name}-out`]: 0 });
    await lenient.start();
    await until("all processed", () => lenient.stats.processed === 3);
    await lenient.close();
    assert(lenient.stats.busyMs > 0);
    assertEquals(lenient.stats.dropped.undecodable, 1);
    assertEquals(lenient.stats.decodeFailures, { [`${name}-in`]: 1 });
    assert(warnings.some((line) => line.includes(`offset 1 of ${name}-in-0`)), warnings.join("\n"));
  });

  test("a processor that throws ends the application with the record's place, and nothing after it is committed", async ({ log, name }) => {
    await log.createTopics(
      ["in", "out"].map((topic) => ({ topic: `${name}-${topic}`, partitions: 1, replicationFactor: 1 })),
    );
    const builder = new StreamsBuilder();
    builder.stream(`${name}-in`, text).mapValues((value) => {
      if (value === "poison") throw new Error("no luck");
      return value;
    }).to(`${name}-out`, text);
    await write(log, `${name}-in`, 1, [["a", "x", 1], ["b", "poison", 2], ["c", "y", 3]]);
    const app = new StreamsApp(builder.build(), log, { applicationId: name });
    await app.start();
    await assertRejects(
      () => app.done,
      Error,
      `offset 1 of ${name}-in-0 in task 0_0: KSTREAM-MAPVALUES-0000000001 threw: no luck`,
    );
    const [committed] = await log.committed(name, [{ topic: `${name}-in`, partition: 0 }]);
    assert(committed === undefined || committed <= 1, `committed ${committed}`);
  });
}
