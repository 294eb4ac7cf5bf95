/**
 * The `streams` binary: runs the sessions topology on Kafka.
 *
 * @module
 */
import { run } from "../service/run.ts";
import { ARCADE, arcadeTopology } from "./arcade.ts";

if (import.meta.main) {
  await run(({ flags, metrics, registry }) =>
    arcadeTopology(metrics, {
      registry,
      graceMs: flags.grace,
      retentionMs: flags.retention === 0 ? Infinity : flags.retention,
    }), ARCADE);
}
