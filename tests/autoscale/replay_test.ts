import { assert, assertEquals } from "@std/assert";
import {
  parseRecording,
  podsOf,
  type RecordedSync,
  type Recording,
} from "../../scripts/record_hpa/recording.ts";
import { decide, type HpaMemory, NO_MEMORY, type PodMetrics } from "../../src/autoscale/hpa.ts";

const FOLDER = new URL("./recorded/", import.meta.url);

/** The timelines of Kubernetes' own controller, by name. */
const RECORDED: ReadonlyMap<string, Recording> = new Map(
  Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).sort().map((name) => [
    name.replace(".jsonl", ""),
    parseRecording(Deno.readTextFileSync(new URL(name, FOLDER))),
  ]),
);

/** The pods as the function takes them: without those that count nowhere. */
function podsFor(metrics: readonly string[], { pods }: RecordedSync): PodMetrics[] {
  return podsOf(metrics, pods)
    .filter(({ state }) => state !== "deleting" && state !== "failed")
    .map(({ state, values }) => ({
      pending: state === "pending",
      // What is recorded are whole thousandths, which decimals may miss by a hair.
      values: Object.fromEntries(
        Object.entries(values).map(([metric, value]) => [metric, (value! + 0.5) / 1_000]),
      ),
    }));
}

/** What the function decides where the controller did, with its memory carried along. */
function* replayed({ spec, syncs }: Recording) {
  let memory: HpaMemory = NO_MEMORY;
  for (const sync of syncs) {
    const pods = podsFor(Object.keys(spec.targets), sync);
    const decision = decide(spec, memory, sync.at, sync.replicas, pods);
    yield { sync, decision };
    // A change that did not happen is none that its policies count.
    memory = sync.refused ? { ...decision.memory, ups: memory.ups, downs: memory.downs } : decision.memory;
  }
}

for (const [name, recording] of RECORDED) {
  Deno.test(`${name}: the function decides at every sync what Kubernetes' controller did`, () => {
    for (const { sync, decision } of replayed(recording)) {
      const where = `${name} at second ${sync.at}`;
      assertEquals(decision.replicas, sync.sets, where);
      if (sync.by === undefined) continue;
      assertEquals(Math.max(...known(decision.proposals)), sync.wants, `${where}: the largest proposal`);
      assertEquals(decision.proposals[sync.by], sync.wants, `${where}: what ${sync.by} asks for`);
    }
  });
}

function known(proposals: Readonly<Record<string, number | undefined>>): number[] {
  return Object.values(proposals).filter((proposal) => proposal !== undefined);
}

/** Of how many syncs each thing is true. */
function countsOf({ syncs }: Recording) {
  const count = (matches: (sync: RecordedSync) => boolean): number => syncs.filter(matches).length;
  const has = (pattern: RegExp) => count(({ pods }) => Object.keys(pods).some((kind) => pattern.test(kind)));
  return {
    syncs: syncs.length,
    up: count(({ replicas, sets }) => sets > replicas),
    down: count(({ replicas, sets }) => sets < replicas),
    /** A window, a policy or a bound had another count than the metrics asked for. */
    held: count(({ wants, sets }) => wants !== undefined && wants !== sets),
    /** A metric could not be read of any pod, and no other asked for more. */
    blind: count(({ replicas, by, sets }) => by === undefined && sets === replicas && replicas > 0),
    off: count(({ replicas }) => replicas === 0),
    /** A pod that runs had no sample of a metric. */
    missing: has(/ -/),
    pending: has(/^pending/),
    unready: has(/^unready/),
    deleting: has(/^deleting/),
    failed: has(/^failed/),
  };
}

/** What each timeline is there for, at least: so that none is replaced by one in which nothing happens. */
const LEAST: Readonly<Record<string, Partial<ReturnType<typeof countsOf>>>> = {
  "burst": { syncs: 50, up: 4, down: 8, held: 20 },
  "by-hand": { syncs: 50, up: 5, down: 5, off: 5, unready: 5, failed: 30 },
  "default-behavior": { syncs: 90, up: 3, down: 1, held: 50 },
  "disabled": { syncs: 50, up: 3, held: 15 },
  "missing": { syncs: 70, up: 5, down: 5, blind: 10, missing: 60 },
  "mixed": { syncs: 50, up: 5, down: 3, held: 15, missing: 20, pending: 10, deleting: 3, failed: 30 },
  "near-tolerance": { syncs: 50, up: 2 },
  "no-behavior": { syncs: 90, up: 4, down: 1, held: 50, blind: 3 },
  "policies-max": { syncs: 70, up: 6, down: 6, held: 30 },
  "policies-min": { syncs: 70, up: 6, down: 6, held: 30 },
  "slow-pods": { syncs: 50, up: 6, down: 4, held: 15, missing: 20, pending: 20, unready: 9, deleting: 10 },
  "step-chart": { syncs: 70, up: 1, down: 3, held: 30, blind: 3 },
  "two-metrics-chart": { syncs: 70, up: 1, down: 3, held: 30 },
};

Deno.test("each timeline of the controller has what it is there for", () => {
  assertEquals([...RECORDED.keys()], Object.keys(LEAST));
  for (const [name, recording] of RECORDED) {
    const counts = countsOf(recording);
    for (const [what, least] of Object.entries(LEAST[name]!)) {
      const found = counts[what as keyof typeof counts];
      assert(found >= least, `${name}: ${what} in ${found} syncs, at least ${least}`);
    }
  }
});

Deno.test("the timelines have both kinds of policies, one and two metrics, and no behavior", () => {
  const specs = [...RECORDED.values()].map(({ spec }) => spec);
  const rules = specs.flatMap(({ behavior }) => behavior === undefined ? [] : Object.values(behavior));
  const types = new Set(rules.flatMap(({ policies }) => policies.map(({ type }) => type)));
  assertEquals([...types].sort(), ["Percent", "Pods"]);
  const chosen = new Set(rules.map(({ selectPolicy }) => selectPolicy));
  assertEquals([...chosen].sort(), ["Disabled", "Max", "Min"]);
  assertEquals([...new Set(specs.map(({ targets }) => Object.keys(targets).length))].sort(), [1, 2]);
  assertEquals(RECORDED.get("no-behavior")!.spec.behavior, undefined);
});
