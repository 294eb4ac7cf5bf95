/**
 * **kos**: Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno.
 *
 * Describe a topology with {@linkcode StreamsBuilder} and make it a program with {@linkcode run}, or run it
 * with {@linkcode StreamsApp} on a {@linkcode Log}: Kafka, or one in memory. `./testing` has the driver that
 * tests a topology without a log; `./serde`, `./kafka` and `./metrics` are those parts of this module alone.
 *
 * @module
 */
export * from "./src/serde/mod.ts";
export * from "./src/engine/mod.ts";
export * from "./src/kafka/mod.ts";
export * from "./src/metrics/mod.ts";
export * from "./src/service/mod.ts";
// The engine's and the metrics' are of one shape; of two with one name neither would be exported.
export type { StoreSize } from "./src/engine/mod.ts";
