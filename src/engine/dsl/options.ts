import type { Serde } from "../../serde/serde.ts";
import type { TimestampExtractor } from "../topology/nodes.ts";

/** How a topic is read. */
export interface Consumed<K, V> {
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
  /**
   * Gives a record its time, in ms since the epoch; negative drops the record. Default: the record's own
   * timestamp.
   */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
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

/**
 * How the two sides of a join are kept. With both names given, steps that are added before the join rename
 * nothing of it.
 */
export interface StreamJoined<K, V, O> {
  /** The serde of the keys, which both sides have. */
  readonly key: Serde<K>;
  /** The serde of this side's values. */
  readonly value: Serde<V>;
  /** The serde of the other side's values. */
  readonly otherValue: Serde<O>;
  /**
   * Begins the names of the join's nodes and, where keys were changed, of its repartition topics
   * (`<application id>-<name>-left-repartition`, and `-right-`). Default: generated names.
   */
  readonly name?: string;
  /**
   * Begins the names of the join's stores, and so of their changelogs (`<application id>-<store
   * name>-this-join-store-changelog`, …). Default: generated names, whose numbers change with every step that
   * comes before: another number is another, empty store.
   */
  readonly storeName?: string;
  /** Whether the stores have changelogs. Default true. */
  readonly logged?: boolean;
}

/**
 * How an aggregate or a table is kept in a store; a table without a name is kept only where what follows
 * needs it.
 */
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
   * How long a key lives after its last change, in ms of stream time. Default `Infinity`: all keys are kept,
   * as in Kafka Streams. Where keys come and go, a time bounds the state, which nothing else removes.
   */
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

/** How a step waits for promises. */
export interface AsyncOptions {
  /**
   * How many records of one task may be under way: no more are taken until the oldest has gone on. Default
   * 16.
   */
  readonly concurrency?: number;
  /**
   * After how many ms the work of a record counts as failed; the function's signal is aborted then. At most
   * 600,000. Default 10,000.
   */
  readonly timeoutMs?: number;
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
