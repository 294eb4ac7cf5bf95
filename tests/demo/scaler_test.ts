import { assertEquals, assertMatch } from "@std/assert";
import { Scaler, type ScalerOptions } from "../../src/demo/scaler.ts";
import type { InstanceSnapshot } from "../../src/demo/snapshot.ts";
import { instance } from "./snapshots.ts";

const OPTIONS: ScalerOptions = { by: "load", minReplicas: 1, maxReplicas: 4, perInstance: 3000, pace: 1 };

/** Decides each second; as many instances as wanted are there at once. */
function follow(
  options: ScalerOptions,
  seconds: number,
  one: (second: number, replicas: number) => InstanceSnapshot,
): { wanted: number; reasons: string[]; at: number[] } {
  const scaler = new Scaler(options);
  const reasons: string[] = [];
  const at: number[] = [];
  let wanted = options.minReplicas;
  for (let second = 0; second < seconds; second++) {
    const replicas = wanted;
    const answer = scaler.decide(second, wanted, Array.from({ length: wanted }, () => one(second, replicas)));
    wanted = answer.wanted;
    if (answer.decision === undefined) continue;
    reasons.push(answer.decision.reason);
    at.push(second);
  }
  return { wanted, reasons, at };
}

Deno.test("replicas follow the load up within seconds and down one by one, each with its reason", () => {
  const { wanted, reasons, at } = follow(
    OPTIONS,
    120,
    (second, replicas) => instance({ load: (second >= 20 && second < 50 ? 2.4 : 0.4) / replicas }),
  );
  assertEquals(wanted, 1);
  assertEquals(reasons[0], "1 → 4: a load of 2.40 an instance is above the target of 0.60");
  assertEquals(
    reasons[1],
    "4 → 3: a load of 0.10 an instance, with a target of 0.60; fewer have been enough for 15 s",
  );
  assertEquals(reasons.length, 4);
  assertEquals(at[0]! <= 25 && at[3]! <= 85, true, `${at}`);
});

Deno.test("a short demo decides sooner", () => {
  const { at } = follow(
    { ...OPTIONS, pace: 0.1 },
    30,
    (second, replicas) => instance({ load: (second >= 5 && second < 10 ? 2.4 : 0.4) / replicas }),
  );
  assertEquals(at[0]! <= 6 && at[3]! <= 18, true, `${at}`);
});

Deno.test("no replicas go while no load is known, or only some", () => {
  const scaler = new Scaler(OPTIONS);
  for (let second = 0; second < 60; second++) {
    const unknown = instance({ load: undefined });
    const instances = second < 30 ? [unknown, unknown] : [instance({ load: 0.4 }), unknown];
    assertEquals(scaler.decide(second, 2, instances).wanted, 2);
  }
});

Deno.test("an instance that leaves is none to decide by", () => {
  const scaler = new Scaler({ ...OPTIONS, pace: 0.1 });
  const leaving = instance({ load: 9, leaving: true });
  for (let second = 0; second < 9; second++) {
    assertEquals(scaler.decide(second, 1, [instance(), leaving]).wanted, 1);
  }
});

Deno.test("by lag alone it is some seconds of work that an instance may have before it", () => {
  const partitions = [{ topic: "in", partition: 0, lag: 45_000, seconds: 15, arrival: undefined }];
  const { reasons } = follow({ ...OPTIONS, by: "lag" }, 5, () => instance({ partitions }));
  assertMatch(
    reasons[0]!,
    /^1 → 3: a lag of 45,000 records an instance is above the target of 15,000 records/,
  );
});

Deno.test("a fixed number of replicas stays, whatever comes", () => {
  const { wanted, reasons } = follow(
    { ...OPTIONS, by: "nothing", minReplicas: 2, maxReplicas: 2 },
    30,
    () => instance({ load: 7 }),
  );
  assertEquals([wanted, reasons], [2, []]);
});
