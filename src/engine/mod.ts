/**
 * The stream processor.
 *
 * @module
 */
export { JoinWindows } from "./dsl/join_windows.ts";
export { KGroupedStream } from "./dsl/kgrouped_stream.ts";
export { KStream } from "./dsl/kstream.ts";
export { KTable } from "./dsl/ktable.ts";
export {
  type Consumed,
  DEFAULT_RETENTION_MS,
  type Grouped,
  type Materialized,
  type Produced,
  type StreamJoined,
} from "./dsl/options.ts";
export { StreamsBuilder } from "./dsl/streams_builder.ts";
export { ProcessingError, TopologyError } from "./errors.ts";
export { DEFAULT_COMMIT_INTERVAL_MS, type StreamsConfig } from "./runtime/config.ts";
export {
  type DeserializationHandler,
  type EngineLogger,
  logAndContinue,
  logAndFail,
  type UndecodableRecord,
} from "./runtime/handlers.ts";
export type { PartitionPosition } from "./runtime/lag_tracker.ts";
export { type DropReason, EngineStats, type StoreSize } from "./runtime/stats.ts";
export type { CapturedRecord } from "./testing/capturing_producer.ts";
export { StreamsApp, type StreamsState } from "./runtime/streams_app.ts";
export type { ReadOnlyKeyValueStore } from "./state/store.ts";
export {
  type TestRecord,
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "./testing/topology_test_driver.ts";
export { type TimestampExtractor, Topology } from "./topology/topology.ts";
