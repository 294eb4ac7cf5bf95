/**
 * What an application does when its topics go, come again and grow while it runs: on the in-memory log and on Kafka.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type StreamsConfig, type Topology } from "../../../src/engine/mod.ts";
import type { Log } from "../../../src/kafka/mod.ts";
import { startWhole, until } from "./app_contract.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** A log, a name that no other test uses, and a way to give a topic more partitions. */
export interface ChangingPlace {
  readonly log: Log;
  readonly name: string;
  grow(topic: string, partitions: number): Promise<void>;
}

/** Copies each of two topics; two parts. */
function copies(name: string): Topology {
  const builder = new StreamsBuilder();
  for (const side of ["a", "b"]) {
    builder.stream(`${name}-${side}`, text).mapValues((value) => value).to(`${name}-${side}-out`, text);
  }
  return builder.build();
}

/** Both topics in one part. */
function merged(name: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-a`, text).merge(builder.stream(`${name}-b`, text)).to(`${name}-a-out`, text);
  return builder.build();
}

/** Counts a topic's keys. */
function counts(name: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-a`, text).groupByKey(text).count({ value: int64Serde(), name: "counts" })
    .toStream().to(`${name}-a-out`, { key: text.key, value: int64Serde() });
  return builder.build();
}

function topic(topic: string, partitions = 2) {
  return { topic, partitions, replicationFactor: 1 };
}

/** Registers the tests. */
export function topicsChangeContract(
  what: string,
  withPlace: (body: (place: ChangingPlace) => Promise<void>) => Promise<void>,
): void {
  function test(name: string, body: (place: ChangingPlace, said: string[]) => Promise<void>): void {
    Deno.test(`${what}: ${name}`, () =>
      withPlace(async (place) => {
        const { log, name } = place;
        await log.createTopics(["a", "b", "a-out", "b-out"].map((each) => topic(`${name}-${each}`)));
        await body(place, []);
      }));
  }

  /** An application of these tests; its log lines go to `said`. */
  async function started(
    { log, name }: ChangingPlace,
    topology: Topology,
    said: string[],
    config: Partial<StreamsConfig> = {},
  ): Promise<StreamsApp> {
    const note = (line: string): void => void said.push(line);
    const app = new StreamsApp(topology, log, {
      applicationId: `${name}-group`,
      topicsRefreshMs: 200,
      logger: { info: note, warn: note },
      ...config,
    });
    app.done.catch(() => {}); // tests look at it only after it may have failed
    await startWhole(app);
    return app;
  }

  async function comesOut(log: Log, topic: string, values: readonly string[]): Promise<void> {
    await until(`${values} in ${topic}`, async () => {
      const found = new Set((await readRecords(log, topic)).map(({ value }) => value));
      return values.every((value) => found.has(value));
    });
  }

  test("a source topic that is deleted ends the application with its name", async (place, said) => {
    const app = await started(place, copies(place.name), said);
    await place.log.deleteTopics([`${place.name}-a`]);
    const error = await assertRejects(() => app.done, Error);
    assertStringIncludes(error.message, `source topic ${place.name}-a was deleted`);
    assertEquals(app.state, "failed");
  });

  test("a topic that is deleted and created again at once ends it too", async (place, said) => {
    const app = await started(place, copies(place.name), said);
    await place.log.deleteTopics([`${place.name}-a`]);
    await place.log.createTopics([topic(`${place.name}-a`)]);
    const error = await assertRejects(() => app.done, Error);
    assertStringIncludes(error.message, `source topic ${place.name}-a was deleted`);
  });

  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    test(
      `${processingGuarantee}: it waits for a topic, goes on with the others, and begins anew`,
      async (place, said) => {
        const { log, name } = place;
        const app = await started(place, copies(name), said, { onMissingTopic: "wait", processingGuarantee });
        await writeRecords(log, `${name}-a`, ["a0", "a1", "a2"].map((value) => ({ partition: 0, value })));
        await comesOut(log, `${name}-a-out`, ["a0", "a1", "a2"]);
        await log.deleteTopics([`${name}-a`]);
        await until("it waits", () => app.waitingFor.length > 0);
        assertEquals([app.waitingFor, app.ready, app.state], [[`${name}-a`], false, "running"]);
        await until("the others run", () => app.tasks.join() === "1_0,1_1");
        // Of what else the tasks that wait read nobody knows the lag: it is not 0.
        assertEquals(app.knowsAssignment, false);
        await writeRecords(log, `${name}-b`, [{ partition: 1, value: "b0" }]);
        await comesOut(log, `${name}-b-out`, ["b0"]);
        await log.createTopics([topic(`${name}-a`)]);
        await writeRecords(log, `${name}-a`, [{ partition: 0, value: "new" }]);
        await comesOut(log, `${name}-a-out`, ["new"]);
        assert(app.ready && said.some((line) => line.includes(`${name}-a was deleted`)), said.join("\n"));
        assertEquals(app.knowsAssignment, true);
        await app.close();
        const [committed] = await log.committed(`${name}-group`, [{ topic: `${name}-a`, partition: 0 }]);
        assertEquals(committed, 1);
      },
    );
  }

  test(
    "a stateful source that grows ends the application: by how much, and what to do",
    async (place, said) => {
      const app = await started(place, counts(place.name), said);
      await place.grow(`${place.name}-a`, 5);
      const error = await assertRejects(() => app.done, Error);
      for (const part of [`${place.name}-a with 5 partitions instead of 2`, "counts", "stop all instances"]) {
        assertStringIncludes(error.message, part);
      }
    },
  );

  test(
    "new partitions of a source without state are taken up, by whichever instance",
    async (place, said) => {
      const { log, name } = place;
      const apps = [await started(place, copies(name), said), await started(place, copies(name), said)];
      await until("they share", () => apps.every(({ tasks }) => tasks.length === 2));
      await place.grow(`${name}-a`, 5);
      await until("all tasks run", () => apps.flatMap(({ tasks }) => tasks).length === 7);
      const values = [0, 1, 2, 3, 4].map((partition) => ({ partition, value: `v${partition}` }));
      await writeRecords(log, `${name}-a`, values);
      await comesOut(log, `${name}-a-out`, values.map(({ value }) => value));
      assertEquals(apps.flatMap(({ tasks }) => tasks).sort().join(), "0_0,0_1,0_2,0_3,0_4,1_0,1_1");
      for (const app of apps) await app.close();
    },
  );

  test("a task of several sources gets the partition that one of them has got now", async (place, said) => {
    const { log, name } = place;
    await place.grow(`${name}-a`, 3);
    const app = await started(place, merged(name), said);
    await until("three tasks", () => app.tasks.length === 3);
    await place.grow(`${name}-b`, 3);
    await writeRecords(log, `${name}-b`, [{ partition: 2, value: "late" }]);
    await writeRecords(log, `${name}-a`, [{ partition: 2, value: "too" }]);
    await comesOut(log, `${name}-a-out`, ["late", "too"]);
    assertEquals(app.tasks, ["0_0", "0_1", "0_2"]);
    await app.close();
  });
}
