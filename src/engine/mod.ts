/**
 * The stream processor: what topologies are described with, and the application that runs them.
 *
 * @module
 */
export { JoinWindows } from "./windows/join_windows.ts";
export { KGroupedStream } from "./dsl/kgrouped_stream.ts";
export { KGroupedTable } from "./dsl/kgrouped_table.ts";
export { type Joinable, KStream } from "./dsl/kstream.ts";
export { KTable } from "./dsl/ktable.ts";
export {
  type AsyncOptions,
  type Consumed,
  type Grouped,
  type Joined,
  type Materialized,
  type ProcessOptions,
  type Produced,
  type Repartitioned,
  type SplitOptions,
  type StoreOptions,
  type StreamJoined,
} from "./dsl/options.ts";
export { SessionWindowedKStream } from "./dsl/session_windowed_stream.ts";
export { StreamsBuilder } from "./dsl/streams_builder.ts";
export {
  type Suppressed,
  type SuppressOptions,
  type TableSerdes,
  type TimeLimitOptions,
  untilTimeLimit,
  untilWindowCloses,
} from "./dsl/suppressed.ts";
export { TimeWindowedKStream } from "./dsl/time_windowed_stream.ts";
export type { WindowMaterialized } from "./dsl/windowed_aggregation.ts";
export { SessionWindows } from "./windows/session_windows.ts";
export { SlidingWindows } from "./windows/sliding_windows.ts";
export { TimeWindows } from "./windows/time_windows.ts";
export { sessionWindowedSerde, Windowed, windowedSerde } from "./windows/windowed.ts";
export { ProcessingError, StateFullError, StreamsConfigError, TopologyError } from "./errors.ts";
export { StateFileError } from "./state/bytes/state_file.ts";
export {
  DEFAULT_COMMIT_INTERVAL_MS,
  DEFAULT_MAX_WARMUP_REPLICAS,
  DEFAULT_STATE_DIR,
  type StreamsConfig,
} from "./task/config.ts";
export {
  type DeadLetter,
  type DeserializationHandler,
  type EngineLogger,
  type HandlerAnswer,
  logAndContinue,
  logAndDeadLetter,
  logAndFail,
  logProcessingErrors,
  logProductionErrors,
  type ProcessingHandler,
  type ProductionHandler,
  type UndecodableRecord,
  type UnprocessableRecord,
  type UnwritableRecord,
} from "./record/handlers.ts";
export type { PartitionPosition } from "./app/progress/lag_tracker.ts";
export { DEFAULT_STALL_TIMEOUT_MS, SILENCE_MS } from "./app/progress/progress_watch.ts";
export { type DropReason, EngineStats, type StoreSize } from "./record/stats.ts";
export type { StoreAnswer, StoreRange, StoreState } from "./app/store_queries.ts";
export { StreamsApp, type StreamsState } from "./app/streams_app.ts";
export type {
  ProcessorRecord,
  RecordMetadata,
  UserProcessor,
  UserProcessorContext,
} from "./processors/user_processor.ts";
export type { Ignored } from "./processors/callbacks.ts";
export type { PunctuationType } from "./record/punctuators.ts";
export type { StoreKind } from "./state/definitions.ts";
export type {
  KeyValueStore,
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyWindowStore,
  SessionEntry,
  WindowEntry,
} from "./state/stores.ts";
export type { RepartitionTopic, TimestampExtractor } from "./topology/nodes.ts";
export { Topology } from "./topology/topology.ts";
export { steadyClock } from "./app/steady_clock.ts";
