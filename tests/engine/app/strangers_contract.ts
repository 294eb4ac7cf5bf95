/**
 * What an application does with whoever else is in its group: on the in-memory log and on Kafka. Strangers speak the group's protocol and
 * use the assignor's name, so the coordinator lets them in.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, StreamsApp, StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { TaskAssignor } from "../../../src/engine/app/assignment/task_assignor.ts";
import { decodeTaskInfo, encodeTaskInfo } from "../../../src/engine/app/assignment/task_info.ts";
import { AssignmentRefused } from "../../../src/kafka/mod.ts";
import type { Assignor, MemberAssignment } from "../../../src/kafka/port/group.ts";
import { TestMember } from "../../kafka/port/members.ts";
import { type Place, startWhole, until, type WithPlace } from "./app_contract.ts";

const text = { key: stringSerde(), value: stringSerde() };
const PARTITIONS = 4;

/** Left joined with right: each task needs a partition of both. */
function joined(name: string, join = (l: string, r: string) => `${l}+${r}`, table = "pairs"): Topology {
  const builder = new StreamsBuilder();
  builder.stream(`${name}-left`, text)
    .join(
      builder.stream(`${name}-right`, text),
      join,
      JoinWindows.ofTimeDifferenceAndGrace(1_000, 1_000),
      { ...text, otherValue: stringSerde() },
    )
    .groupByKey(text).count({ value: int64Serde(), name: table }).toStream()
    .to(`${name}-out`, { key: text.key, value: int64Serde() });
  return builder.build();
}

/** Made without state, and in another way: one task a partition of each topic. */
function copied(name: string): Topology {
  const builder = new StreamsBuilder();
  for (const side of ["left", "right"]) builder.stream(`${name}-${side}`, text).to(`${name}-out`, text);
  return builder.build();
}

function app({ log, name }: Place, topology: Topology, said: string[] = []): StreamsApp {
  const note = (line: string): void => void said.push(line);
  return new StreamsApp(topology, log, {
    applicationId: `${name}-group`,
    heartbeatIntervalMs: 100,
    logger: { info: note, warn: note },
  });
}

async function running(place: Place, topology: Topology, said: string[] = []): Promise<StreamsApp> {
  const made = app(place, topology, said);
  await startWhole(made);
  return made;
}

/** A member that is not an application. */
function stranger({ log, name }: Place, assignor: Partial<Assignor>, topics = ["left", "right"]): TestMember {
  return new TestMember(log, {
    groupId: `${name}-group`,
    topics: topics.map((topic) => `${name}-${topic}`),
    assignor: assignor instanceof TaskAssignor ? assignor : {
      name: "kos-tasks",
      userData: () => new Uint8Array(0),
      assign: (members) => new Map(members.map(({ memberId }) => [memberId, { partitions: [] }])),
      ...assignor,
    },
  });
}

/** Gives each topic to another one of the applications. */
function byTopic(userData: Uint8Array): Partial<Assignor> {
  return {
    userData: () => userData,
    assign(members, topics): Map<string, MemberAssignment> {
      const sorted = [...topics.values()].sort((a, b) => a.topic < b.topic ? -1 : 1);
      const others = members.filter((each) => decodeTaskInfo(each.userData)?.topology !== undefined);
      return new Map(members.map(({ memberId }) => [memberId, {
        userData,
        partitions: sorted.filter((_, i) => others[i]?.memberId === memberId)
          .flatMap(({ topic, partitions }) =>
            Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
          ),
      }]));
    },
  };
}

/** As a version of kos wrote it that told no fingerprint. */
const BEFORE = encodeTaskInfo({ standbys: [] });

async function leave(...members: (StreamsApp | TestMember)[]): Promise<void> {
  for (const each of members) await (each instanceof StreamsApp ? each.close() : each.member.leave());
}

/** Registers the tests. */
export function strangersContract(what: string, withPlace: WithPlace): void {
  function test(name: string, body: (place: Place) => Promise<void>): void {
    Deno.test(`${what}: ${name}`, () =>
      withPlace(async (place) => {
        await place.log.createTopics(
          ["left", "right", "out"].map((topic) => ({
            topic: `${place.name}-${topic}`,
            partitions: PARTITIONS,
            replicationFactor: 1,
          })),
        );
        await body(place);
      }));
  }

  test("a leader that splits tasks makes none run twice: both instances say so, and end", async (place) => {
    const leader = stranger(place, byTopic(BEFORE));
    await leader.member.join();
    const said: string[] = [];
    const apps = [app(place, joined(place.name), said), app(place, joined(place.name), said)];
    for (const each of apps) each.done.catch(() => {}); // looked at when both have failed
    let ran = 0;
    const watch = setInterval(() => ran = Math.max(ran, ...apps.map(({ tasks }) => tasks.length)), 5);
    await Promise.all(apps.map((each) => each.start().catch(() => {})));
    await until(
      "one ran, or both have ended",
      () => ran > 0 || apps.every(({ state }) => state === "failed"),
    );
    clearInterval(watch);
    assertEquals(ran, 0, said.join("\n"));
    const ended = await Promise.all(apps.map((each) => assertRejects(() => each.done, AssignmentRefused)));
    assert(said.some((line) => line.includes(`task 0_0 with ${place.name}-`)), said.join("\n"));
    assertStringIncludes(ended[0]!.message, "times in a row");
    await leave(leader);
  });

  test("a leader that is another program is named as such at once", async (place) => {
    const leader = stranger(place, byTopic(new Uint8Array(0)), ["left"]);
    await leader.member.join();
    const error = await assertRejects(() => app(place, joined(place.name)).start(), AssignmentRefused);
    assertStringIncludes(error.message, "not made by kos");
    await leave(leader);
  });

  test("a leader with topics that were not asked for is refused", async (place) => {
    const leader = stranger(place, {
      assign: (members) =>
        new Map(members.map(({ memberId, userData }) => [memberId, {
          userData: BEFORE,
          partitions: userData.length === 0 ? [] : [{ topic: `${place.name}-out`, partition: 0 }],
        }])),
    }, ["left", "right", "out"]);
    await leader.member.join();
    const error = await assertRejects(() => app(place, joined(place.name)).start(), AssignmentRefused);
    assertStringIncludes(error.message, `${place.name}-out-0`);
    await leave(leader);
  });

  test("a stranger that joins gets nothing and is named, and every task goes on running once", async (place) => {
    const said: string[] = [];
    const one = await running(place, joined(place.name), said);
    const other = stranger(place, {}, ["left"]);
    await other.member.join();
    await until("it is named", () => said.some((line) => line.includes("is a stranger")));
    assert(said.some((line) => line.includes(other.member.memberId)), said.join("\n"));
    assertEquals([one.tasks.length, other.owned.size], [PARTITIONS, 0]);
    const two = await running(place, joined(place.name));
    await until("they share", () => one.tasks.length === 2 && two.tasks.length === 2);
    await leave(other, two, one);
  });

  test("a newcomer with another topology ends with both fingerprints, and the others go on", async (place) => {
    const one = await running(place, joined(place.name));
    for (const topology of [copied(place.name), joined(place.name, undefined, "renamed")]) {
      const error = await assertRejects(() => app(place, topology).start(), AssignmentRefused);
      assertEquals(new Set(error.message.match(/topology [0-9a-f]{16}/g)).size, 2, error.message);
      await until("the first has all tasks", () => one.tasks.length === PARTITIONS && one.ready);
    }
    await leave(one);
  });

  test("instances of other code but the same parts share the tasks: an upgrade one by one", async (place) => {
    const one = await running(place, joined(place.name));
    const two = await running(place, joined(place.name, (l, r) => `${r} and ${l}`));
    await until("they share", () => one.tasks.length === 2 && two.tasks.length === 2);
    await leave(one);
    await until("the new one has all", () => two.tasks.length === PARTITIONS && two.ready);
    await leave(two);
  });

  for (const first of ["before", "now"] as const) {
    test(`an instance of the version before shares the tasks, whoever leads: ${first}`, async (place) => {
      const parts = joined(place.name).subtopologies();
      const before = stranger(place, new TaskAssignor(parts, 0, () => ({ standbys: [] })));
      if (first === "before") await before.member.join();
      const one = await running(place, joined(place.name));
      if (first === "now") await before.member.join();
      await until("they share", () => one.tasks.length === 2 && before.owned.size === PARTITIONS);
      await leave(before);
      await until("it has all", () => one.tasks.length === PARTITIONS);
      await leave(one);
    });
  }

  test("an instance of the version before with other topics gets nothing and is named", async (place) => {
    const said: string[] = [];
    const one = await running(place, joined(place.name), said);
    const before = stranger(place, { userData: () => BEFORE }, ["left"]);
    await before.member.join();
    await until("it is named", () => said.some((line) => line.includes(before.member.memberId)));
    assertEquals([one.tasks.length, before.owned.size], [PARTITIONS, 0]);
    await leave(before, one);
  });
}
