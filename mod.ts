/**
 * **kos**: Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno.
 *
 * Describe a topology with {@linkcode StreamsBuilder}, run it with {@linkcode StreamsApp} on a {@linkcode Log} (Kafka, or
 * one in memory), and test it with {@linkcode TopologyTestDriver}.
 *
 * @module
 */
export * from "./src/serde/mod.ts";
export * from "./src/engine/mod.ts";
export * from "./src/kafka/mod.ts";
