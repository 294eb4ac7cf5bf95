/**
 * Runs a topology record by record, without a log: for tests.
 *
 * @module
 */
import { EncodeBuffer } from "../../serde/serde.ts";
import { encodeHeaders } from "../../kafka/wire/record_batch/writer.ts";
import { NO_HEADERS, type RecordHeaders, RecordSet } from "../../kafka/port/record_set.ts";
import {
  bindSerdes,
  type BoundSubtopology,
  type BoundTopology,
  type Serdes,
} from "../topology/bound_topology.ts";
import {
  type DeserializationHandler,
  logAndFail,
  type ProcessingHandler,
  type ProductionHandler,
} from "../record/handlers.ts";
import type { RecordQueue } from "../task/record_queue.ts";
import { CacheBudget } from "../state/typed/cached_key_value_store.ts";
import { EngineStats } from "../record/stats.ts";
import { Task } from "../task/task.ts";
import { TimeHeap } from "../record/time_heap.ts";
import type { ReadOnlyKeyValueStore, ReadOnlySessionStore, ReadOnlyWindowStore } from "../state/stores.ts";
import type { StoreDef } from "../state/definitions.ts";
import type { Topology } from "../topology/topology.ts";
import { type CapturedRecord, CapturingProducer } from "./capturing_producer.ts";

/** A record that came out, decoded. */
export interface TestRecord<K, V> {
  /** The key, decoded by the sink's serde. */
  readonly key: K;
  /** The value, decoded by the sink's serde. */
  readonly value: V;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The headers, in their order. */
  readonly headers: RecordHeaders;
}

/** Settings of a {@linkcode TopologyTestDriver}. */
export interface TopologyTestDriverOptions {
  /** The application's id, which names its internal topics. Default `test`. */
  readonly applicationId?: string;
  /** Where the machine's clock stands at first, in ms since the epoch. Default 0. */
  readonly wallClockMs?: number;
  /**
   * How often at most left and outer joins look for records without a partner, in ms of the driver's clock.
   * Default 0: each time, as Kafka Streams' driver; an application does it once in 1000 ms.
   */
  readonly outerJoinIntervalMs?: number;
  /**
   * Bytes that the caches of aggregates may hold; flush them by {@linkcode TopologyTestDriver.commit}.
   * Default 0: none.
   */
  readonly cacheMaxBytes?: number;
  /** Decides about records that can't be decoded. Default: fail. */
  readonly onUndecodable?: DeserializationHandler;
  /** Decides about records that a processor throws at. Default: fail. */
  readonly onProcessingError?: ProcessingHandler;
  /** Decides about records that can't be encoded: here nothing is refused by a log. Default: fail. */
  readonly onProductionError?: ProductionHandler;
  /**
   * The topics that handlers may send dead letters to; read them with
   * {@linkcode TopologyTestDriver.readBytes}.
   */
  readonly deadLetterTopics?: readonly string[];
}

/**
 * Feeds records into a topology and reads what comes out, at once and in one partition, as Kafka Streams'
 * class of the same name does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { StreamsBuilder, stringSerde } from "../../../mod.ts";
 * import { TopologyTestDriver } from "./mod.ts";
 *
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("in", text).mapValues((value) => value.toUpperCase()).to("out", text);
 * const driver = await TopologyTestDriver.create(builder.build());
 * driver.pipe("in", "k", "hello", 5);
 * assertEquals(driver.read("out"), [{ key: "k", value: "HELLO", timestamp: 5, headers: [] }]);
 * ```
 */
export class TopologyTestDriver {
  /** What was counted so far. */
  readonly stats: EngineStats = new EngineStats();
  readonly #bound: BoundTopology;
  readonly #producer = new CapturingProducer();
  readonly #task: Task;
  readonly #queues = new Map<string, RecordQueue>();
  /**
   * The queues with records, in the order in which Kafka Streams takes from them: by the next record's time.
   */
  readonly #ready = new TimeHeap<RecordQueue>((queue) => queue.headTimestamp);
  readonly #offsets = new Map<string, number>();
  readonly #buffer = new EncodeBuffer();
  #wallClockMs: number;

  private constructor(bound: BoundTopology, options: TopologyTestDriverOptions) {
    this.#bound = bound;
    this.#wallClockMs = options.wallClockMs ?? 0;
    const environment = {
      stats: this.stats,
      now: () => this.#wallClockMs,
      cache: options.cacheMaxBytes ? new CacheBudget(options.cacheMaxBytes) : undefined,
      handlers: {
        onUndecodable: options.onUndecodable ?? logAndFail(),
        onProcessingError: options.onProcessingError,
        onProductionError: options.onProductionError,
        deadLetters: new Map(options.deadLetterTopics?.map((topic) => [topic, 1])),
      },
    };
    this.#task = new Task(bound, wholeTopology(bound), 0, environment);
    this.#task.context.producer = this.#producer;
    this.#task.context.outerJoinIntervalMs = options.outerJoinIntervalMs ?? 0;
    this.#task.start(new Map(this.#task.inputs.map(({ topic }) => [topic, 0])));
    for (const queue of this.#task.queues) this.#queues.set(queue.topic, queue);
  }

  /** Makes a driver; asynchronous since serdes may have to ask a registry. */
  static async create(
    topology: Topology,
    options: TopologyTestDriverOptions = {},
  ): Promise<TopologyTestDriver> {
    return new TopologyTestDriver(
      await bindSerdes(topology, options.applicationId ?? "test", () => 1),
      options,
    );
  }

  /**
   * Feeds one record.
   *
   * @param timestamp In ms since the epoch. Default: the driver's clock.
   * @throws {Error} When no source reads the topic.
   * @throws {ProcessingError} When a processor throws.
   */
  pipe(topic: string, key: unknown, value: unknown, timestamp?: number, headers?: RecordHeaders): void {
    const { key: keySerde, value: valueSerde } = this.#source(topic);
    const keyEnd = key === null ? 0 : this.#buffer.encode(keySerde, key, 0);
    const valueEnd = value === null ? keyEnd : this.#buffer.encode(valueSerde, value, keyEnd);
    const bytes = this.#buffer.bytes.slice(0, valueEnd);
    this.pipeBytes(
      topic,
      key === null ? null : bytes.subarray(0, keyEnd),
      value === null ? null : bytes.subarray(keyEnd),
      timestamp,
      headers,
    );
  }

  /** Feeds one record as bytes: also such that can't be decoded. */
  pipeBytes(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number = this.#wallClockMs,
    headers: RecordHeaders = NO_HEADERS,
  ): void {
    this.#source(topic);
    this.#push(topic, key, value, timestamp, headers);
    this.#processAll();
  }

  #push(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: RecordHeaders,
  ): void {
    const queue = this.#queues.get(topic)!;
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const wasReady = queue.ready;
    queue.push(oneRecord(topic, offset, key, value, timestamp, headers));
    if (!wasReady && queue.ready) this.#ready.push(queue);
  }

  /**
   * Processes record by record; what goes to a topic that the topology reads itself comes back in after the
   * record that it is of.
   */
  #processAll(): void {
    this.#loopBack();
    while (!this.#task.context.calls.full) {
      const queue = this.#ready.pop();
      if (queue === undefined) return;
      this.#task.processFrom(queue);
      if (queue.ready) this.#ready.push(queue);
      this.#loopBack();
    }
  }

  #loopBack(): void {
    for (
      const { topic, key, value, timestamp, headers } of this.#producer.takeNew((each) =>
        this.#queues.has(each)
      )
    ) {
      this.#push(topic, key, value, timestamp, headers);
    }
  }

  /**
   * Waits until all records have come out of asynchronous steps (`mapValuesAsync`, `mapAsync`): until then
   * what they give can't be read. Their time-outs go by the machine's time, not the driver's.
   *
   * @throws {ProcessingError} When a promise was rejected, or a processor throws.
   */
  async settled(): Promise<void> {
    const task = this.#task;
    do {
      const took = task.takeResults();
      this.#processAll();
      const { blockedBy } = task;
      if (blockedBy !== undefined) {
        await blockedBy.load();
        task.unblock();
      } else if (!took && task.calling) await task.context.calls.change();
    } while (task.calling);
  }

  /** Takes the records written to a sink's topic since the last call. */
  read<K, V>(topic: string): TestRecord<K, V>[] {
    const serdes = this.#sink(topic);
    return this.#producer.take(topic).map(({ key, value, timestamp, headers }) => ({
      key: decode(serdes.key, key) as K,
      value: decode(serdes.value, value) as V,
      timestamp,
      headers,
    }));
  }

  /**
   * Takes the records written to any topic since the last call, as bytes: also to a changelog or a
   * dead-letter topic.
   */
  readBytes(topic: string): CapturedRecord[] {
    return this.#producer.take(topic);
  }

  /**
   * Takes the records written to all sinks' topics but repartition topics since they were read last, as bytes
   * and in the order in which they were written.
   */
  readAllBytes(): CapturedRecord[] {
    const { topology, sinks } = this.#bound;
    const topics = new Set<string>();
    for (const node of topology.nodes.values()) {
      if (node.kind === "sink" && !topology.repartitionTopics.has(node.topic)) {
        topics.add(sinks.get(node.name)!.topic);
      }
    }
    return this.#producer.takeAll(topics);
  }

  /** Takes the number of records written to any other topic, such as a changelog, since the last call. */
  countOf(topic: string): number {
    return this.#producer.take(topic).length;
  }

  /**
   * A key-value store of the topology: of an aggregate or a table, or one that was added.
   * @throws {Error} When there is no such store of that name.
   */
  store<K, V>(name: string): ReadOnlyKeyValueStore<K, V> {
    return this.#store<ReadOnlyKeyValueStore<K, V>>(name, "key-value", "store");
  }

  /**
   * The store of an aggregate in windows of time.
   * @throws {Error} When there is no such store of that name.
   */
  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V> {
    return this.#store<ReadOnlyWindowStore<K, V>>(name, "window", "windowStore");
  }

  /**
   * The store of an aggregate in sessions.
   * @throws {Error} When there is no such store of that name.
   */
  sessionStore<K, V>(name: string): ReadOnlySessionStore<K, V> {
    return this.#store<ReadOnlySessionStore<K, V>>(name, "session", "sessionStore");
  }

  #store<S>(name: string, kind: StoreDef["kind"], method: string): S {
    const found = this.#bound.topology.stores.get(name)?.kind;
    if (found === kind) return this.#task.stores.get(name) as unknown as S;
    const names = [...this.#bound.topology.stores.values()].filter((each) => each.kind === kind)
      .map((each) => each.name);
    throw new Error(
      `Cannot read store ${name}: received ${
        found === undefined ? "a name that the topology does not have" : `a ${found} store`
      }; ${method} reads ${names.join(", ") || `${kind} stores, of which it has none`}`,
    );
  }

  /**
   * Moves the machine's clock on, then calls the punctuators that are due in the machine's time.
   * @throws {ProcessingError} When a punctuator throws.
   */
  advanceTime(ms: number): void {
    this.#wallClockMs += ms;
    this.#task.punctuate(this.#wallClockMs);
    this.#processAll();
  }

  /**
   * Does what a commit does to outputs: sends on what caches hold back.
   * @throws {ProcessingError} When a processor throws.
   */
  commit(): void {
    this.#task.uncommitted();
    this.#processAll();
  }

  /** Closes the processors. */
  close(): void {
    this.#task.close();
  }

  #source(topic: string): Serdes {
    const serdes = this.#bound.sources.get(topic);
    if (serdes === undefined) {
      throw new Error(
        `Cannot pipe into ${topic}: received a topic that no source reads; they read ${
          [...this.#bound.sources.keys()].join(", ")
        }`,
      );
    }
    return serdes;
  }

  #sink(topic: string): Serdes {
    const sinks = [...this.#bound.sinks.values()];
    const sink = sinks.find((each) => each.topic === topic);
    if (sink !== undefined) return sink;
    throw new Error(
      `Cannot read ${topic}: received a topic that no sink writes; they write ${
        sinks.map((each) => each.topic).join(", ") || "none"
      }`,
    );
  }
}

/**
 * All parts of a topology as one, which one task runs: as Kafka Streams' class does, so that all share one
 * stream time.
 */
function wholeTopology(bound: BoundTopology): BoundSubtopology {
  const { topology, subtopologies } = bound;
  return {
    id: 0,
    nodes: [...topology.nodes.keys()],
    stores: subtopologies.flatMap(({ stores }) => stores),
    sourceTopics: subtopologies.flatMap(({ sourceTopics }) => sourceTopics),
    sinkTopics: subtopologies.flatMap(({ sinkTopics }) => sinkTopics),
    tasks: 1,
    partitions: new Map(subtopologies.flatMap(({ partitions }) => [...partitions])),
  };
}

function decode(serde: Serdes["key"], bytes: Uint8Array | null): unknown {
  return bytes === null ? null : serde.decode(bytes, 0, bytes.length);
}

function oneRecord(
  topic: string,
  offset: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  timestamp: number,
  headers: RecordHeaders,
): RecordSet {
  const keyLength = key?.length ?? 0;
  const end = keyLength + (value?.length ?? 0);
  const encodedHeaders = encodeHeaders(headers);
  const bytes = new Uint8Array(end + encodedHeaders.length);
  bytes.set(encodedHeaders, end);
  if (key !== null) bytes.set(key);
  if (value !== null) bytes.set(value, keyLength);
  return new RecordSet({
    topic,
    partition: 0,
    count: 1,
    bytes,
    offsets: Float64Array.of(offset),
    timestamps: Float64Array.of(timestamp),
    keyStart: Int32Array.of(key === null ? -1 : 0),
    keyEnd: Int32Array.of(keyLength),
    valueStart: Int32Array.of(value === null ? -1 : keyLength),
    valueEnd: Int32Array.of(end),
    headersStart: Int32Array.of(end),
    nextOffset: offset + 1,
    endOffset: offset + 1,
    startOffset: 0,
  });
}
