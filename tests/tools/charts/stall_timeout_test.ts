import { parse } from "@std/yaml";
import { assert } from "@std/assert";
import { duration } from "../../../src/cli/parsers.ts";
import { defaultOf } from "../../../src/cli/program.ts";
import { GEN } from "../../../src/datagen/flags.ts";
import { type Any, chartFile } from "./renders.ts";

const ms = duration();

Deno.test("the default stall timeouts leave time for what mends itself: a lost session, and sending anew", async () => {
  const { app, generator } = parse(await chartFile("values.yaml")) as Any;
  assert(ms(app.stallTimeout) > 2 * ms(app.sessionTimeout));
  const deliveryTimeout = defaultOf(GEN.flags.deliveryTimeout) as number;
  assert(
    ms(generator.stallTimeout) > deliveryTimeout,
    "it would be restarted before it can say what it gave up",
  );
  // Readiness goes first, so that nobody is sent to a pod that is about to be restarted.
  for (const { stallTimeout, livenessProbe, readinessProbe } of [app, generator]) {
    const until = (probe: Any) => 1_000 * probe.periodSeconds * probe.failureThreshold;
    assert(5_000 + until(readinessProbe) < ms(stallTimeout) + until(livenessProbe));
  }
});
