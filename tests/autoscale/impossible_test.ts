import { assertEquals, assertStringIncludes } from "@std/assert";
import { impossible } from "../../src/autoscale/impossible.ts";
import { simulation } from "./settings.ts";

const FOR_EVER = { fromSecond: 100, periodSeconds: 1 };

Deno.test("impossible: more for ever than the most pods can process, by what they can use", () => {
  const of = (rate: number, pods: number): string =>
    impossible(simulation({ load: () => rate, repeats: FOR_EVER }), pods) ?? "possible";
  assertEquals([of(40_000, 4), of(20_000, 3), of(40_000, 9)], ["possible", "possible", "possible"]);
  assertStringIncludes(
    of(40_001, 4),
    "40,001 records/s for ever, where 4 pods of 10,000 process no more than 40,000",
  );
  assertStringIncludes(of(20_001, 3), "no more than 20,000 (one of them has 2 of 4 partitions)");
});

Deno.test("impossible: a surge may be more than pods can process, when it ends", () => {
  const load = (second: number): number => second < 100 ? 90_000 : 1_000;
  assertEquals(impossible(simulation({ load, repeats: FOR_EVER }), 4), undefined);
  assertEquals(impossible(simulation({ load: () => 90_000 }), 4), undefined, "nobody knows how it goes on");
});

Deno.test("impossible: a partition that no pod can process, and a rate without a number", () => {
  const hot = simulation({ load: () => 30_000, repeats: FOR_EVER, skew: 1 });
  assertStringIncludes(impossible(hot, 4)!, "14,400 records/s for ever in partition 0");
  assertStringIncludes(impossible(simulation({ load: () => Infinity }), 4)!, "a rate of max");
});
