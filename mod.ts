/**
 * **kos**: Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno.
 *
 * Describe a topology with {@linkcode StreamsBuilder} and run it with {@linkcode StreamsApp} on a
 * {@linkcode Log}: Kafka, or one in memory. `./testing` has the driver that tests a topology without a log,
 * `./metrics` the lag gauges and the HTTP endpoint; `./serde` and `./kafka` are those parts of this module
 * alone.
 *
 * @module
 */
export * from "./src/serde/mod.ts";
export * from "./src/engine/mod.ts";
export * from "./src/kafka/mod.ts";
