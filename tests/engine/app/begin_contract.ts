/**
 * What an application does when a topic goes while a task is being begun: on the in-memory log and on Kafka.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type StreamsConfig, type Topology } from "../../../src/engine/mod.ts";
import type { Log } from "../../../src/kafka/mod.ts";
import { type Place, startWhole, until, type WithPlace } from "./app_contract.ts";
import { type Asked, hookedLog } from "./hooked_log.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** What a topic is that goes. */
type Kind = "source" | "repartition" | "changelog";

/** The topics of a test, by what they are to the application. */
export function topicsOf(name: string): Record<Kind | "out", string> {
  return {
    source: `${name}-in`,
    repartition: `${name}-group-by-repartition`,
    changelog: `${name}-group-counts-changelog`,
    out: `${name}-out`,
  };
}

/** Counts a topic's values, by a repartition topic, or its keys. */
function counting(name: string, regrouped: boolean): Topology {
  const { source, out } = topicsOf(name);
  const builder = new StreamsBuilder();
  const read = builder.stream(source, text);
  const grouped = regrouped
    ? read.selectKey((_key, value) => value).groupByKey({ ...text, name: "by" })
    : read.groupByKey(text);
  grouped.count({ value: int64Serde(), name: "counts" })
    .toStream().to(out, { key: text.key, value: int64Serde() });
  return builder.build();
}

/** Deletes a topic at the first question of a kind that names it. */
function deletedAt(log: Log, moment: Asked, topic: string, again: boolean, asked = topic): Log {
  let done = false;
  return hookedLog(log, async (what, topics) => {
    if (done || what !== moment || !topics.includes(asked)) return;
    done = true;
    await log.deleteTopics([topic]);
    if (again) await log.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  });
}

/** When each goes; `asked` where it is another topic that is asked for then. */
const MOMENTS: readonly { readonly kind: Kind; readonly moment: Asked; readonly asked?: Kind }[] = [
  { kind: "source", moment: "committed" },
  { kind: "source", moment: "offsets" },
  { kind: "source", moment: "read", asked: "changelog" },
  { kind: "repartition", moment: "committed" },
  { kind: "repartition", moment: "offsets" },
  { kind: "repartition", moment: "read", asked: "changelog" },
  { kind: "changelog", moment: "committed", asked: "repartition" },
  { kind: "changelog", moment: "offsets" },
  { kind: "changelog", moment: "read" },
];

const WHEN = {
  committed: "as committed offsets are asked for",
  offsets: "as its own offsets are asked for",
  read: "while a task is restored",
};

/** Registers the tests. */
export function beginContract(what: string, withPlace: WithPlace): void {
  function test(name: string, body: (place: Place) => Promise<void>, partitions = 1): void {
    Deno.test(`${what}: ${name}`, () =>
      withPlace(async (place) => {
        const { source, out } = topicsOf(place.name);
        await create(place.log, source, partitions);
        await create(place.log, out);
        await body(place);
      }));
  }

  const create = (log: Log, topic: string, partitions = 1): Promise<void> =>
    log.createTopics([{ topic, partitions, replicationFactor: 1 }]);

  function made(place: Place, topology: Topology, config: Partial<StreamsConfig> = {}): StreamsApp {
    const app = new StreamsApp(topology, place.log, {
      applicationId: `${place.name}-group`,
      heartbeatIntervalMs: 100,
      topicsRefreshMs: 200,
      ...config,
    });
    app.done.catch(() => {}); // tests look at it only after it may have failed
    return app;
  }

  async function counted({ log, name }: Place, values: readonly string[]): Promise<void> {
    const { source, out } = topicsOf(name);
    const before = (await readRecords(log, out)).length;
    await writeRecords(log, source, values.map((value) => ({ partition: 0, key: value, value })));
    await until(
      `${values} counted`,
      async () => (await readRecords(log, out)).length >= before + values.length,
    );
  }

  /** Has the state that is to be restored made by an instance before. */
  async function withState(place: Place, regrouped: boolean): Promise<void> {
    const app = made(place, counting(place.name, regrouped));
    await startWhole(app);
    await counted(place, ["a", "b", "c"]);
    await app.close();
  }

  async function endsByName(app: StreamsApp, topic: string): Promise<void> {
    await app.start().catch(() => {}); // where it fails before its first assignment
    const error = await assertRejects(() => app.done, Error);
    assertStringIncludes(error.message, `${topic} was deleted`);
    assertStringIncludes(error.message, "on-missing-topic wait");
    assertEquals(app.state, "failed");
  }

  for (const { kind, moment, asked = kind } of MOMENTS) {
    const when = WHEN[moment];
    test(`a ${kind} that is deleted ${when}: the error names it`, async (place) => {
      await withState(place, true);
      const topics = topicsOf(place.name);
      const log = deletedAt(place.log, moment, topics[kind], false, topics[asked]);
      await endsByName(made({ ...place, log }, counting(place.name, true)), topics[kind]);
    });

    for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
      test(`a ${kind} that is deleted ${when} is waited for, ${processingGuarantee}`, async (place) => {
        await withState(place, true);
        const topics = topicsOf(place.name);
        const log = deletedAt(place.log, moment, topics[kind], false, topics[asked]);
        const app = made({ ...place, log }, counting(place.name, true), {
          onMissingTopic: "wait",
          processingGuarantee,
        });
        await app.start();
        await until("it waits", () => app.waitingFor.join() === topics[kind]);
        assertEquals([app.state, app.ready], ["running", false]);
        await create(place.log, topics[kind]);
        const runs = (): boolean => app.ready && app.knowsAssignment && app.tasks.join() === "0_0,1_0";
        await until("both tasks run", runs);
        await counted(place, ["a", "d"]);
        await app.close();
      });
    }
  }

  test("a changelog that is made anew while a task is restored: the error names it", async (place) => {
    await withState(place, false);
    const { changelog } = topicsOf(place.name);
    const log = deletedAt(place.log, "read", changelog, true);
    await endsByName(made({ ...place, log }, counting(place.name, false)), changelog);
  });

  test("a changelog that is made anew while a task is restored is restored anew", async (place) => {
    await withState(place, false);
    const log = deletedAt(place.log, "read", topicsOf(place.name).changelog, true);
    const app = made({ ...place, log }, counting(place.name, false), { onMissingTopic: "wait" });
    await app.start();
    await until("it runs", () => app.ready && app.tasks.join() === "0_0");
    await counted(place, ["a", "d"]);
    await app.close();
  });

  for (const moment of ["offsets", "read"] as const) {
    for (const again of [false, true]) {
      // Of one that was made anew its bounds are as good as any.
      if (again && moment === "offsets") continue;
      const goes = again ? "is made anew" : "is deleted";
      const when = moment === "read" ? "while a standby reads it" : "as a standby begins";
      const config = { numStandbyReplicas: 1 };

      test(`a changelog that ${goes} ${when}: the error names it, and the task goes on`, async (place) => {
        await withState(place, false);
        const owner = made(place, counting(place.name, false), config);
        await startWhole(owner);
        const { changelog } = topicsOf(place.name);
        const log = deletedAt(place.log, moment, changelog, again);
        await endsByName(made({ ...place, log }, counting(place.name, false), config), changelog);
        assertEquals([owner.state, owner.tasks], ["running", ["0_0"]]);
        if (!again) await create(place.log, changelog);
        await counted(place, ["a", "d"]);
        await owner.close();
      });

      test(`a changelog that ${goes} ${when} is waited for`, async (place) => {
        await withState(place, false);
        const said: string[] = [];
        const note = (line: string): void => void said.push(line);
        const waiting = { ...config, onMissingTopic: "wait", logger: { info: note, warn: note } } as const;
        const owner = made(place, counting(place.name, false), { ...config, onMissingTopic: "wait" });
        await startWhole(owner);
        const { changelog } = topicsOf(place.name);
        const log = deletedAt(place.log, moment, changelog, again);
        const app = made({ ...place, log }, counting(place.name, false), waiting);
        await app.start();
        await until("it is told", () => said.some((line) => line.includes(`${changelog} was deleted`)));
        if (!again) {
          await until("it waits", () => app.waitingFor.join() === changelog);
          assertEquals([app.standbyTasks, app.state], [[], "running"]);
          await create(place.log, changelog);
        }
        await counted(place, ["a", "d"]);
        await until("it is current", () => app.standbyTasks.join() === "0_0" && app.standbyLag === 0);
        assert(app.waitingFor.length === 0 && owner.state === "running");
        await app.close();
        await owner.close();
      });
    }
  }

  /** One instance has both tasks; of one of them the other warms up, and asks for a changelog that goes then. */
  async function warmingUp(place: Place, onMissingTopic: "fail" | "wait"): Promise<[StreamsApp, StreamsApp]> {
    await withState(place, false);
    const owner = made(place, counting(place.name, false), { onMissingTopic });
    await startWhole(owner);
    const log = deletedAt(place.log, "offsets", topicsOf(place.name).changelog, false);
    return [owner, made({ ...place, log }, counting(place.name, false), { onMissingTopic })];
  }

  test("a changelog that is deleted as a task begins to warm up: the error names it", async (place) => {
    const [owner, app] = await warmingUp(place, "fail");
    await endsByName(app, topicsOf(place.name).changelog);
    assertEquals(owner.state, "running");
    await owner.close();
  }, 2);

  test("a changelog that is deleted as a task begins to warm up is waited for", async (place) => {
    const [owner, app] = await warmingUp(place, "wait");
    const { changelog } = topicsOf(place.name);
    await app.start();
    await until("it waits", () => app.waitingFor.join() === changelog);
    assertEquals([app.warmupTasks, app.state, owner.tasks.length], [[], "running", 2]);
    await create(place.log, changelog, 2);
    await until("they share", () => owner.tasks.length === 1 && app.tasks.length === 1);
    await app.close();
    await owner.close();
  }, 2);
}
