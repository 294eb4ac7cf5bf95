/**
 * Three streams processes of which one is killed with -9 every few seconds, under load. `KOS_CRASH_SECONDS` sets for how long.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBroker } from "../../../scripts/support/broker.ts";
import type { CheckResult } from "../../../src/demo/session_check.ts";
import { createArcadeTopics, StreamsBench } from "../../support/streams_bench.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const SECONDS = Number(Deno.env.get("KOS_CRASH_SECONDS") ?? 20);

async function crashes(guarantee: string): Promise<CheckResult> {
  const broker = await startBroker();
  const { below } = seededRandom();
  let kills = 0;
  try {
    await createArcadeTopics(broker.bootstrap);
    const bench = new StreamsBench(broker.bootstrap, "crashes");
    const start = (name: string) =>
      bench.streams(name, "--session-timeout", "6s", "--processing-guarantee", guarantee);
    try {
      const instances = ["one", "two", "three"].map(start);
      await Promise.all(instances.map((each) => each.ready()));
      const result = await bench.load(2_000, async () => {
        const end = Date.now() + SECONDS * 1000;
        while (Date.now() < end) {
          await delay(2_000 + below(2_000));
          const victim = below(3);
          await instances[victim]!.kill("SIGKILL");
          kills++;
          await delay(below(1_000));
          instances[victim] = start(`again ${kills}`);
        }
        await Promise.all(instances.map((each) => each.ready()));
      });
      // deno-lint-ignore no-console -- a test's output
      console.log(JSON.stringify({ guarantee, seconds: SECONDS, kills, ...result }));
      assert(kills >= SECONDS / 6, `only ${kills} kills`);
      for (const each of instances) await each.kill("SIGTERM");
      return result;
    } finally {
      await bench.close();
    }
  } finally {
    await broker.wipe();
  }
}

Deno.test("killed again and again with at least once: no session is missing and none lacks hits", async () => {
  const { expected, missing, lacking, unexpected, example } = await crashes("at_least_once");
  assert(expected > 500, `only ${expected} sessions`);
  assertEquals({ missing, lacking, unexpected }, { missing: 0, lacking: 0, unexpected: 0 }, example);
});

Deno.test("killed again and again with exactly once: the output is right to the record", async () => {
  const { expected, changes, updates, missing, wrong, unexpected, example } = await crashes("exactly_once");
  assert(expected > 500, `only ${expected} sessions`);
  assertEquals({ missing, wrong, unexpected, updates }, {
    missing: 0,
    wrong: 0,
    unexpected: 0,
    updates: changes,
  }, example);
});
