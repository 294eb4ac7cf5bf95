import { assertEquals } from "@std/assert";
import { judge } from "../../src/autoscale/timeline.ts";

const REPLICAS = [1, 1, 4, 3, 4, 4, 1];
const COLUMNS = {
  second: REPLICAS.map((_, i) => 10 * i),
  replicas: REPLICAS,
  lag: REPLICAS.map((replicas) => 10 * replicas),
};

Deno.test("a timeline is judged by its changes, turns, pods and lags", () => {
  const expected = {
    replicas: 1,
    changes: 4,
    turns: 3,
    podSeconds: 170,
    maxLag: 40,
    endLag: 10,
    worstSeconds: NaN,
    p99Seconds: NaN,
  };
  assertEquals(judge(COLUMNS), expected);
  assertEquals(judge(COLUMNS, 40), { ...expected, changes: 1, turns: 0, podSeconds: 80 });
  const empty = { second: [], replicas: [], lag: [] };
  const nothing = { replicas: 0, changes: 0, turns: 0, podSeconds: 0, maxLag: 0, endLag: 0 };
  assertEquals(judge(empty), { ...expected, ...nothing });
});

Deno.test("a timeline's ages are judged by the worst and by what 99 of 100 are below", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i);
  const columns = { second: hundred, replicas: hundred.map(() => 1), lag: hundred, lagSeconds: hundred };
  const { worstSeconds, p99Seconds } = judge(columns);
  assertEquals([worstSeconds, p99Seconds], [99, 98]);
});

Deno.test("a timeline's pods are paid until they have handed over", () => {
  const { podSeconds } = judge({ ...COLUMNS, pods: REPLICAS.map((replicas) => replicas + 1) });
  assertEquals(podSeconds, 230);
});
