/**
 * **kos**: Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno.
 *
 * Describe a topology with {@linkcode StreamsBuilder}, test it with {@linkcode TopologyTestDriver}, and run
 * it with {@linkcode StreamsApp} on a {@linkcode Log}: Kafka, or one in memory. `./metrics` has the lag
 * gauges and the HTTP endpoint; `./serde`, `./kafka` and `./testing` are parts of this module.
 *
 * @module
 */
export * from "./src/serde/mod.ts";
export * from "./src/engine/mod.ts";
export * from "./src/engine/testing/mod.ts";
export * from "./src/kafka/mod.ts";
