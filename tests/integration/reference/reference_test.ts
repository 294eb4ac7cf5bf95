/**
 * This engine against Kafka Streams: the same records in, the same records out, for every topology of the comparison.
 */
import { assertEquals } from "@std/assert";
import { compareTopology } from "../../reference/compare.ts";
import { type JavaReference, referenceUnavailable, startReference } from "../../reference/java_reference.ts";
import { topologyNames } from "../../reference/topologies.ts";

const CASES = 200;
const missing = await referenceUnavailable();
// Said here too: an ignored test does not tell why.
// deno-lint-ignore no-console -- a test's output
if (missing !== undefined) console.log(`Not compared with Kafka Streams: ${missing}`);

/** The seed of `KOS_TEST_SEED`, else another one each time. */
function seedOf(): number {
  const given = Deno.env.get("KOS_TEST_SEED");
  return given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given);
}

Deno.test({
  name: `${topologyNames.length} topologies do what they do in Kafka Streams, ${CASES} cases each`,
  ignore: missing !== undefined,
  async fn(t) {
    const seed = seedOf();
    // deno-lint-ignore no-console -- as above
    console.log(`seed ${seed}`);
    // One process for all: starting it takes longer than the cases of a topology.
    const reference: JavaReference = await startReference();
    try {
      await t.step("the Java side has the same topologies", async () => {
        assertEquals((await reference.names()).sort(), [...topologyNames].sort());
      });
      for (const name of topologyNames) {
        await t.step(name, async () => {
          const { difference } = await compareTopology(reference, name, seed, 0, CASES);
          if (difference !== undefined) throw new Error(difference);
        });
      }
    } finally {
      await reference.stop();
    }
  },
});
