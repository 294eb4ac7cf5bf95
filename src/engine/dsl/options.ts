import type { Serde } from "../../serde/serde.ts";
import type { TimestampExtractor } from "../topology/nodes.ts";

/** How a topic is read. */
export interface Consumed<K, V> {
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
  /** What gives a record its time. Default: the record's own timestamp. */
  readonly timestampExtractor?: TimestampExtractor;
}

/** How a topic is written. */
export interface Produced<K, V> {
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
}

/** How values are grouped: the serdes of what follows. */
export interface Grouped<K, V> {
  /** The serde of the grouped keys. */
  readonly key: Serde<K>;
  /** The serde of the grouped values. */
  readonly value: Serde<V>;
  /**
   * Names the step and, where the key was changed, the repartition topic
   * (`<application id>-<name>-repartition`), which aggregations of this grouping then share. Default:
   * generated names, and a topic an aggregation.
   */
  readonly name?: string;
}

/** How a stream goes through a topic of its own. */
export interface Repartitioned<K, V> {
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
  /** Names the topic, which is `<application id>-<name>-repartition`. Default: a generated name. */
  readonly name?: string;
  /** How many partitions the topic has. Default: as many as the largest source topic before it. */
  readonly partitions?: number;
}

/**
 * How a stream is joined with a table: the serdes are the stream's, for the case that its key was changed and
 * it is repartitioned.
 */
export interface Joined<K, V> {
  /** The serde of the stream's keys. */
  readonly key: Serde<K>;
  /** The serde of the stream's values. */
  readonly value: Serde<V>;
  /** Names the join's node and the repartition topic. Default: generated names. */
  readonly name?: string;
}

/** How the two sides of a join are kept. */
export interface StreamJoined<K, V, O> {
  /** The serde of the keys, which both sides have. */
  readonly key: Serde<K>;
  /** The serde of this side's values. */
  readonly value: Serde<V>;
  /** The serde of the other side's values. */
  readonly otherValue: Serde<O>;
  /** Whether the stores have changelogs. Default true. */
  readonly logged?: boolean;
}

/** How an aggregate's state is kept. */
export interface Materialized<K, A> {
  /** The store's name. Default: a generated one. */
  readonly name?: string;
  /** The serde of the keys. Default: the grouped stream's. */
  readonly key?: Serde<K>;
  /** The serde of the aggregates. */
  readonly value: Serde<A>;
  /** Whether the store has a changelog. Default true. */
  readonly logged?: boolean;
  /**
   * How long a key lives after its last change, in ms of stream time: state that nothing removes grows for
   * ever. Default one hour; `Infinity` keeps all keys, as Kafka Streams does.
   */
  readonly retentionMs?: number;
}

/** The default of {@linkcode Materialized.retentionMs}: one hour, in ms. */
export const DEFAULT_RETENTION_MS = 3_600_000;

/**
 * How a table's values are kept in a store; without a name a table is kept only where what follows needs it.
 */
export interface TableMaterialized<K, V> extends Omit<Materialized<K, V>, "retentionMs"> {
  /** How long a key lives after its last change, in ms of stream time. Default `Infinity`. */
  readonly retentionMs?: number;
}

/** How a stream is split. */
export interface SplitOptions {
  /**
   * Whether there is a branch for the records that no predicate says yes to. Default false: they are dropped.
   */
  readonly default?: boolean;
  /** The name of the splitting node, and the beginning of the branches' names. Default: a generated one. */
  readonly name?: string;
}

/** How a processor of the program's own is connected. */
export interface ProcessOptions {
  /** The stores that it uses, which were added by `StreamsBuilder.addStore`. */
  readonly stores?: readonly string[];
  /** The node's name. Default: a generated one. */
  readonly name?: string;
}

/** A key-value store for processors of the program's own. */
export interface StoreOptions<K, V> {
  /** The store's name. */
  readonly name: string;
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
  /** Whether the store has a changelog. Default true. */
  readonly logged?: boolean;
  /** How long a key lives after its last change, in ms of stream time. Default `Infinity`. */
  readonly retentionMs?: number;
}
