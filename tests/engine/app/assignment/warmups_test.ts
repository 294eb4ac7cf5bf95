import { assert, assertEquals } from "@std/assert";
import { assignTasks, TaskAssignor } from "../../../../src/engine/app/assignment/task_assignor.ts";
import {
  decodeTaskInfo,
  encodeTaskInfo,
  type TaskInfo,
} from "../../../../src/engine/app/assignment/task_info.ts";
import { type MovesOptions, planMoves, withComing } from "../../../../src/engine/app/assignment/warmups.ts";
import { firstStep } from "../../../../src/kafka/common/cooperative.ts";
import { partitionKey } from "../../../../src/kafka/mod.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

const FOUR = ["0_0", "0_1", "0_2", "0_3"];
const all: MovesOptions = { hasState: () => true, maxWarmups: 2 };

function member(memberId: string, tasks: string[], current: string[] = [], standbys = current) {
  return { memberId, tasks: new Set(tasks), current: new Set(current), standbys: new Set(standbys) };
}

function moves(owners: ReturnType<typeof member>[], options = all) {
  return planMoves(owners, assignTasks(owners, FOUR), options);
}

Deno.test("a task with state stays until the member that is to have it is current, and moves then", () => {
  const cold = moves([member("a", FOUR), member("b", [])]);
  assertEquals(cold.active, new Map([["a", FOUR], ["b", []]]));
  assertEquals(cold.warmups, new Map([["b", ["0_2", "0_3"]]]));
  assertEquals(cold.waiting, new Set(["a"]));
  const one = moves([member("a", FOUR), member("b", [], ["0_3"], ["0_2", "0_3"])]);
  assertEquals(one.active, new Map([["a", ["0_0", "0_1", "0_2"]], ["b", ["0_3"]]]));
  assertEquals(one.warmups, new Map([["b", ["0_2"]]]));
  const both = moves([member("a", FOUR), member("b", [], ["0_2", "0_3"])]);
  assertEquals(both.active, new Map([["a", ["0_0", "0_1"]], ["b", ["0_2", "0_3"]]]));
  assertEquals([both.warmups.size, both.waiting.size], [0, 0]);
});

Deno.test("tasks without state move at once, as do those that nobody has, and those to a version that does not tell", () => {
  const stateless = moves([member("a", FOUR), member("b", [])], { ...all, hasState: (id) => id < "0_2" });
  assertEquals(stateless.active.get("b"), ["0_2", "0_3"]);
  assertEquals(moves([member("b", []), member("c", [])]).warmups.size, 0);
  const { current: _, ...former } = member("b", []);
  const told = planMoves([member("a", FOUR), former], assignTasks([member("a", FOUR), former], FOUR), all);
  assertEquals(told.active.get("b"), ["0_2", "0_3"]);
  const off = moves([member("a", FOUR), member("b", [])], { ...all, maxWarmups: 0 });
  assertEquals([off.active.get("b"), off.warmups.size], [["0_2", "0_3"], 0]);
});

Deno.test("a member warms up no more at a time than it may, and goes on with what it has begun", () => {
  const one = { ...all, maxWarmups: 1 };
  assertEquals(moves([member("a", FOUR), member("b", [])], one).warmups.get("b"), ["0_2"]);
  assertEquals(moves([member("a", FOUR), member("b", [], [], ["0_3"])], one).warmups.get("b"), ["0_3"]);
});

Deno.test("the tasks that are current elsewhere are given up first, and to who is current", () => {
  const owners = [member("a", FOUR), member("b", [], ["0_0"]), member("c", [], [], ["0_1"])];
  const target = assignTasks(owners, FOUR);
  assertEquals(target, new Map([["a", ["0_2", "0_3"]], ["b", ["0_0"]], ["c", ["0_1"]]]));
});

Deno.test("what comes to a member is kept there until its owner has given it up", () => {
  const owners = [member("a", FOUR), member("b", [], ["0_2", "0_3"])];
  const { active, warmups } = moves(owners);
  const kept = withComing(owners, new Map([["a", ["0_2", "0_3"]], ["b", ["0_0"]]]), { active, warmups });
  assertEquals(kept.standbys.get("b"), ["0_0", "0_2", "0_3"]);
  assertEquals(kept.warmups, new Map([["b", ["0_2", "0_3"]]]));
});

const TOPICS = new Map([["in", { topic: "in", partitions: 5 }], ["plain", {
  topic: "plain",
  partitions: 3,
}]]);

function part(id: number, topic: string) {
  return { id, nodes: [], stores: [], sinkTopics: [], sourceTopics: [topic] };
}

interface Instance {
  owned: Set<string>;
  kept: Map<string, boolean>;
  awaited: string[];
  leaving: boolean;
}

/** Instances of an application: what each has, and which stores it keeps, current or not. */
class Cluster {
  readonly members = new Map<string, Instance>();
  readonly moves = new Map<string, number>();
  readonly #assignor: TaskAssignor;
  readonly #maxWarmups: number;
  /** Tasks that no living instance has. */
  #orphans = new Set(["in-0", "in-1", "in-2", "in-3", "in-4", "plain-0", "plain-1", "plain-2"]);

  constructor(maxWarmups: number, replicas: number) {
    this.#maxWarmups = maxWarmups;
    const parts = [part(0, "in"), part(1, "plain")];
    const options = { maxWarmups, withState: new Set([0]) };
    this.#assignor = new TaskAssignor(parts, replicas, () => ({ standbys: [] }), options);
  }

  join(id: string): void {
    this.members.set(id, { owned: new Set(), kept: new Map(), awaited: [], leaving: false });
  }

  gone(id: string): void {
    for (const partition of this.members.get(id)!.owned) this.#orphans.add(partition);
    this.members.delete(id);
  }

  /** One rebalance. Returns what moved. */
  round(): number {
    const info = ({ kept, leaving, awaited }: Instance): TaskInfo => ({
      warmups: awaited,
      standbys: [...kept.keys()],
      current: [...kept].filter(([, current]) => current).map(([id]) => id),
      ...(leaving ? { leaving } : {}),
    });
    const owned = ({ owned }: { owned: Set<string> }) =>
      [...owned].map((key) => ({ topic: key.split("-")[0]!, partition: Number(key.split("-")[1]) }));
    const owners = new Map<string, string>();
    for (const [id, each] of this.members) for (const key of each.owned) owners.set(key, id);
    const target = this.#assignor.assign(
      [...this.members].map(([memberId, each]) => ({
        memberId,
        topics: ["in", "plain"],
        userData: encodeTaskInfo(info(each)),
        owned: owned(each),
      })),
      TOPICS,
    );
    const { assignments } = firstStep(target, owners);
    const current = new Set(
      [...this.members.values()].flatMap((each) => each.leaving ? [] : info(each).current ?? []),
    );
    let moved = 0;
    // As the broker has it: nobody gets what another one gives up in the same round.
    for (const [id, each] of this.members) {
      const { partitions, userData } = assignments.get(id)!;
      const { standbys, warmups = [] } = decodeTaskInfo(userData)!;
      const now = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
      for (const key of now) if (!each.owned.has(key)) moved += this.#comes(id, key, current);
      for (const key of each.owned) if (!now.has(key)) moved += this.#goes(key, current);
      each.owned = now;
      const active = new Set(
        partitions.map(({ topic, partition }) => `${Number(topic !== "in")}_${partition}`),
      );
      // What has no state has no stores to keep.
      each.kept = new Map(
        standbys.filter((task) => task.startsWith("0") && !active.has(task)).map((
          task,
        ) => [task, each.kept.get(task) ?? false]),
      );
      each.awaited = warmups.filter((task) => each.kept.has(task));
      const cold = each.awaited.filter((task) => each.kept.get(task) !== true).length;
      assert(cold <= this.#maxWarmups, `${id} warms up ${cold}`);
    }
    return moved;
  }

  readonly #given = new Set<string>();

  #goes(key: string, current: ReadonlySet<string>): number {
    if (key.startsWith("in")) {
      assert(current.has(`0_${key.split("-")[1]}`), `${key} goes while nobody is current`);
    }
    this.#given.add(key);
    return 1;
  }

  /** A task that comes goes to who is current, where anybody is. */
  #comes(id: string, key: string, current: ReadonlySet<string>): number {
    assert(this.#given.delete(key) || this.#orphans.delete(key), `${key} comes to ${id} from nowhere`);
    this.moves.set(key, (this.moves.get(key) ?? 0) + 1);
    const task = `0_${key.split("-")[1]}`;
    if (key.startsWith("plain") || !current.has(task)) return 1;
    assertEquals(this.members.get(id)!.kept.get(task), true, `${key} comes to ${id} cold`);
    return 1;
  }

  /** Some of what is read becomes current. */
  read(chance: () => boolean): void {
    for (const { kept } of this.members.values()) {
      for (const [task, current] of kept) kept.set(task, current || chance());
    }
  }
}

Deno.test("instances come, crash and leave: no more warm-ups than allowed, no task comes cold, and all ends even", () => {
  const { below } = seededRandom();
  for (let run = 0; run < 200; run++) {
    const cluster = new Cluster(1 + below(2), below(2));
    let named = 0;
    cluster.join(`m${named++}`);
    for (let step = 0; step < 25; step++) {
      const ids = [...cluster.members.keys()];
      const id = ids[below(ids.length)]!;
      const what = below(8);
      if (what === 0 && ids.length < 6) cluster.join(`m${named++}`);
      if (what === 1 && ids.length > 1) cluster.gone(id);
      if (what === 2 && ids.length > 1) cluster.members.get(id)!.leaving = true;
      for (const each of ids) {
        const { leaving, owned } = cluster.members.get(each) ?? { leaving: false, owned: new Set() };
        if (leaving && owned.size === 0 && cluster.members.size > 1) cluster.gone(each);
      }
      cluster.round();
      cluster.read(() => below(3) === 0);
    }
    settle(cluster, below);
    const staying = [...cluster.members.values()].filter(({ leaving }) => !leaving);
    const counts = staying.map(({ owned }) => owned.size);
    if (staying.length === 0) continue;
    assertEquals(counts.reduce((a, b) => a + b, 0), 8);
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `uneven: ${counts}`);
  }
});

Deno.test("a task moves at most once when instances come, with standbys and without", () => {
  const { below } = seededRandom();
  for (let run = 0; run < 300; run++) {
    const cluster = new Cluster(1 + below(2), below(3));
    const before = 1 + below(3);
    for (let i = 0; i < before; i++) cluster.join(`m${(i * 5 + run) % 11}`);
    settle(cluster, below);
    cluster.moves.clear();
    const come = 1 + below(3);
    for (let i = before; i < before + come; i++) cluster.join(`m${(i * 5 + run) % 11}`);
    settle(cluster, below);
    assertEquals([...cluster.moves].filter(([, times]) => times > 1), [], `${before} and ${come} more`);
  }
});

/** Rebalances until nothing moves any more, which it has to come to. */
function settle(cluster: Cluster, below: (n: number) => number): void {
  let quiet = 0;
  for (let round = 0; quiet < 3; round++) {
    assert(round < 60, "it does not come to rest");
    cluster.read(() => below(2) === 0);
    const warming = [...cluster.members.values()].some(({ kept }) => [...kept.values()].includes(false));
    quiet = cluster.round() === 0 && !warming ? quiet + 1 : 0;
  }
}
