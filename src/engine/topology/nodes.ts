/**
 * What a topology is made of: its nodes, and the topics between its parts.
 *
 * @module
 */
import type { Serde } from "../../serde/serde.ts";
import type { Processor } from "../processors/processor.ts";

/**
 * Extracts a record's time, in ms since the epoch, from its value or from the record's own timestamp;
 * negative: drop it.
 */
export type TimestampExtractor<K = unknown, V = unknown> = (
  key: K | null,
  value: V | null,
  recordTimestamp: number,
) => number;

/** Reads topics. */
export interface SourceDef {
  readonly kind: "source";
  readonly name: string;
  readonly topics: readonly string[];
  // deno-lint-ignore no-explicit-any -- a topology holds nodes of any types side by side
  readonly key: Serde<any>;
  // deno-lint-ignore no-explicit-any -- a topology holds nodes of any types side by side
  readonly value: Serde<any>;
  // deno-lint-ignore no-explicit-any -- it gets what the serdes of its source read
  readonly timestampExtractor?: TimestampExtractor<any, any> | undefined;
}

/** Processes records. */
export interface ProcessorDef {
  readonly kind: "processor";
  readonly name: string;
  readonly parents: readonly string[];
  /** The names of the stores that it uses. */
  readonly stores: readonly string[];
  /** Makes the processor of one task. */
  readonly create: () => Processor;
  /** How long it may wait for what one record begins, in ms; left out, it waits for nothing. */
  readonly callTimeoutMs?: number | undefined;
}

/** Writes a topic. */
export interface SinkDef {
  readonly kind: "sink";
  readonly name: string;
  readonly parents: readonly string[];
  readonly topic: string;
  // deno-lint-ignore no-explicit-any -- a topology holds nodes of any types side by side
  readonly key: Serde<any>;
  // deno-lint-ignore no-explicit-any -- a topology holds nodes of any types side by side
  readonly value: Serde<any>;
}

/**
 * A topic between two parts of a topology, through which records with changed keys come to the tasks of their
 * new keys.
 */
export interface RepartitionTopic {
  /**
   * The topic's name without the application id; sources and sinks name it so. On a log:
   * `<application id>-<name>`.
   */
  readonly name: string;
  /** How many partitions it has. Default: as many as the largest source topic of the part that writes it. */
  readonly partitions?: number | undefined;
}

/** A node of a topology. */
export type NodeDef = SourceDef | ProcessorDef | SinkDef;
