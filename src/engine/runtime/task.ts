/**
 * HOT PATH. A task: one subtopology on one partition of its source topics, with its own processors and stores.
 *
 * @module
 */
import { SchemaNotLoaded } from "../../avro/serde.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../kafka/log.ts";
import { ProcessingError } from "../errors.ts";
import type { Processor, ProcessorInit } from "../processors/processor.ts";
import { Sink, Source } from "../processors/source_sink.ts";
import { ChangelogWriter } from "../state/changelog.ts";
import { LoggedJoinWindowStore, LoggedKeyValueStore, type ManagedStore } from "../state/logged_stores.ts";
import { MemoryKeyValueStore } from "../state/memory_key_value_store.ts";
import { MemoryWindowStore } from "../state/memory_window_store.ts";
import type { TimestampExtractor } from "../topology/topology.ts";
import { type BoundStore, type BoundSubtopology, type BoundTopology, taskInputs } from "./bound_topology.ts";
import { type DeserializationHandler, text } from "./handlers.ts";
import { RecordQueue } from "./record_queue.ts";
import type { EngineStats } from "./stats.ts";
import { TaskContext } from "./task_context.ts";

/** What a task needs from its application. */
export interface TaskEnvironment {
  readonly stats: EngineStats;
  readonly now: () => number;
  readonly onUndecodable: DeserializationHandler;
}

/** The id of a task, as Kafka Streams writes it: subtopology and partition. */
export function taskId(subtopology: number, partition: number): string {
  return `${subtopology}_${partition}`;
}

/** See the module. */
export class Task {
  readonly id: string;
  readonly partition: number;
  readonly subtopology: BoundSubtopology;
  /** The input partitions. */
  readonly inputs: readonly TopicPartition[];
  /** By name. */
  readonly stores: ReadonlyMap<string, ManagedStore>;
  /** Stores with their changelogs, to restore. */
  readonly changelogs: readonly { readonly topic: string; readonly store: ManagedStore }[];
  /** One a source topic, once the task runs. */
  queues: RecordQueue[] = [];
  readonly context: TaskContext;
  readonly #bound: BoundTopology;
  readonly #environment: TaskEnvironment;
  readonly #sourceOfTopic = new Map<string, Processor>();
  readonly #committed = new Map<string, number>();
  /** A schema that a store's value needs, when it is not known yet. */
  #blockedBy: SchemaNotLoaded | undefined;

  constructor(
    bound: BoundTopology,
    subtopology: BoundSubtopology,
    partition: number,
    environment: TaskEnvironment,
  ) {
    this.id = taskId(subtopology.id, partition);
    this.partition = partition;
    this.subtopology = subtopology;
    this.#bound = bound;
    this.#environment = environment;
    this.inputs = taskInputs(subtopology, partition);
    this.context = new TaskContext(
      this.id,
      partition,
      environment.stats,
      environment.now,
    );
    const stores = new Map<string, ManagedStore>();
    const changelogs: { topic: string; store: ManagedStore }[] = [];
    for (const name of subtopology.stores) {
      const bind = bound.stores.get(name)!;
      const store = makeStore(bind, this.context);
      stores.set(name, store);
      if (bind.changelog !== undefined) changelogs.push({ topic: bind.changelog, store });
    }
    this.stores = stores;
    this.changelogs = changelogs;
    this.#link();
  }

  /** Begins to take records: the offset of the first one by topic. */
  start(positions: ReadonlyMap<string, number>): void {
    this.queues = this.inputs.map(({ topic, partition }) => {
      const position = positions.get(topic)!;
      this.#committed.set(topic, position);
      const source = this.#sourceOfTopic.get(topic)!;
      return new RecordQueue(topic, partition, position, {
        ...this.#bound.sources.get(topic)!,
        timestampExtractor: this.#extractor(topic),
        source,
        onUndecodable: this.#environment.onUndecodable,
        stats: this.#environment.stats,
      });
    });
  }

  /**
   * Processes up to `limit` records in the order of their timestamps, as long as no queue is empty that may have more.
   *
   * @returns How many were processed.
   * @throws {ProcessingError} When a processor threw: with the record's place and the cause.
   */
  process(limit: number): number {
    const { queues, context } = this;
    let processed = 0;
    let next: RecordQueue | undefined;
    try {
      while (processed < limit) {
        next = undefined;
        for (let i = 0; i < queues.length; i++) {
          const queue = queues[i]!;
          if (queue.ready) {
            if (next === undefined || queue.headTimestamp < next.headTimestamp) next = queue;
          } else if (queue.mayHaveMore) return this.#counted(processed);
        }
        if (next === undefined) break;
        context.enter(next.headSet, next.headIndex);
        if (next.headTimestamp > context.streamTime) context.streamTime = next.headTimestamp;
        next.source.process(next.headKey, next.headValue, next.headTimestamp, null);
        next.advance();
        processed++;
      }
    } catch (error) {
      this.#counted(processed);
      if (error instanceof ProcessingError || next === undefined) throw error;
      if (error instanceof SchemaNotLoaded) {
        this.#blockedBy = error;
        return processed;
      }
      throw new ProcessingError(
        `Cannot process the record at offset ${next.position} of ${next.topic}-${next.partition} in task ${this.id}: ` +
          `a processor threw: ${text(error)}`,
        { cause: error },
      );
    }
    return this.#counted(processed);
  }

  /** The writer's schema that this task needs to go on; `undefined` when it can. */
  get blockedBy(): SchemaNotLoaded | undefined {
    return this.#blockedBy ?? this.queues.find((queue) => queue.blockedBy !== undefined)?.blockedBy;
  }

  /** Goes on after the schema was asked for. */
  unblock(): void {
    this.#blockedBy = undefined;
    for (const queue of this.queues) if (queue.blockedBy !== undefined) queue.unblock();
  }

  /** The positions that have changed since the last {@linkcode committed}. */
  uncommitted(): TopicPartitionOffset[] {
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition, position } of this.queues) {
      if (this.#committed.get(topic) !== position) offsets.push({ topic, partition, offset: position });
    }
    return offsets;
  }

  /** Says that offsets of this task are committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      if (partition === this.partition && this.#committed.has(topic)) this.#committed.set(topic, offset);
    }
  }

  #counted(processed: number): number {
    this.#environment.stats.processed += processed;
    this.context.enter(undefined, 0);
    return processed;
  }

  #extractor(topic: string): TimestampExtractor | undefined {
    for (const node of this.#bound.topology.nodes.values()) {
      if (node.kind === "source" && node.topics.includes(topic)) return node.timestampExtractor;
    }
    return undefined;
  }

  #link(): void {
    const processors = new Map<string, Processor>();
    for (const name of this.subtopology.nodes) {
      const node = this.#bound.topology.nodes.get(name)!;
      let processor: Processor;
      let connected: readonly string[] = [];
      if (node.kind === "source") {
        processor = new Source();
        for (const topic of node.topics) this.#sourceOfTopic.set(topic, processor);
      } else {
        if (node.kind === "sink") {
          const { partitions, key, value } = this.#bound.sinks.get(name)!;
          processor = new Sink(node.topic, partitions, key, value);
        } else {
          processor = node.create();
          connected = node.stores;
        }
        for (const parent of node.parents) processors.get(parent)!.children.push(processor);
      }
      processor.init(this.#init(name, connected));
      processors.set(name, processor);
    }
  }

  #init(node: string, connected: readonly string[]): ProcessorInit {
    return {
      context: this.context,
      store: <S>(name: string): S & ManagedStore => {
        if (!connected.includes(name)) {
          throw new Error(
            `Cannot use store ${name} in ${node}: received a store that is not connected; name it in the node's stores`,
          );
        }
        return this.stores.get(name)! as S & ManagedStore;
      },
    };
  }
}

function makeStore({ def, changelog, key, value }: BoundStore, context: TaskContext): ManagedStore {
  const writer = changelog === undefined ? undefined : new ChangelogWriter(changelog, context);
  if (def.kind === "join-window") {
    return new LoggedJoinWindowStore(
      def.name,
      new MemoryWindowStore(def.retentionMs),
      key,
      value,
      context,
      writer,
    );
  }
  // An expired key leaves the changelog too: a compacted topic would keep it for ever.
  const inner = new MemoryKeyValueStore(
    def.retentionMs,
    writer && ((expired, timestamp) => writer.write(expired, null, 0, 0, timestamp)),
  );
  return new LoggedKeyValueStore(def.name, inner, key, value, context, writer);
}
