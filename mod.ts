/**
 * **kos**: Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno.
 *
 * Describe a topology with {@linkcode StreamsBuilder}, test it with {@linkcode TopologyTestDriver}, and make
 * it a program with {@linkcode run}; {@linkcode StreamsApp} is the engine alone, on a {@linkcode Log}: Kafka,
 * or one in memory. `./serde`, `./kafka`, `./metrics` and `./testing` are parts of this module.
 *
 * @module
 */
export * from "./src/serde/mod.ts";
export * from "./src/engine/mod.ts";
export * from "./src/engine/testing/mod.ts";
export * from "./src/kafka/mod.ts";
export * from "./src/metrics/mod.ts";
export * from "./src/service/mod.ts";
// The engine's and the metrics' are of one shape; of two with one name neither would be exported.
export type { StoreSize } from "./src/engine/mod.ts";
