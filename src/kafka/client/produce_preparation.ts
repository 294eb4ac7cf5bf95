/**
 * What has to be known before a batch can be sent: who writes, who leads its partition, and that the
 * transaction has it.
 *
 * @module
 */
import type { Cluster, TopicMetadata } from "./cluster.ts";
import { errorOf } from "./kafkajs_internals.ts";
import type { PartitionQueue } from "./partition_queue.ts";
import type { ProduceBuffer } from "./produce_buffer.ts";
import type { ProduceOutcomes } from "./produce_outcomes.ts";
import type { ProduceRetries } from "./produce_retries.ts";
import { isRetriable, KafkaError } from "../port/errors.ts";
import type { TopicPartition } from "../port/topics.ts";

/** A partition that the metadata does not know so often in a row does not exist. */
const UNKNOWN_TRIES = 5;
/** Errors of a partition that may be over the next time the metadata is asked for. */
const ELSEWHERE = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"]);

/** What is needed of the transactions that batches are part of. */
export interface JoinableTransaction {
  /** Whether a partition is part of the open transaction. */
  has(topic: string, partition: number): boolean;
  /** Makes partitions part of it. */
  add(partitions: readonly TopicPartition[]): Promise<void>;
}

/** Gets what is missing, for all queues that have batches to send. */
export class ProducePreparation {
  readonly #cluster: Cluster;
  readonly #buffer: ProduceBuffer;
  readonly #outcomes: ProduceOutcomes;
  readonly #retries: ProduceRetries;
  readonly #transaction: JoinableTransaction | undefined;

  constructor(
    cluster: Cluster,
    buffer: ProduceBuffer,
    outcomes: ProduceOutcomes,
    retries: ProduceRetries,
    transaction: JoinableTransaction | undefined,
  ) {
    this.#cluster = cluster;
    this.#buffer = buffer;
    this.#outcomes = outcomes;
    this.#retries = retries;
    this.#transaction = transaction;
  }

  /** The broker to send a queue's batches to; `undefined` while something is missing. */
  leaderFor({ topic, partition, producer }: PartitionQueue): number | undefined {
    // Without an id nothing may go out.
    if (producer === undefined && this.#buffer.producer === undefined) return undefined;
    if (this.#transaction?.has(topic, partition) === false) return undefined;
    return this.#cluster.leader(topic, partition);
  }

  /** Gets a producer id and the leaders, and adds partitions to the transaction, whichever is missing. */
  async run(): Promise<void> {
    if (this.#buffer.producer === undefined) await this.#newProducerId();
    await this.#findLeaders();
    await this.#joinTransaction();
  }

  /** Puts off what can't be sent, or gives it up, because of an error of {@linkcode run}. */
  failed(error: unknown): void {
    const unsent = [...this.#buffer.waiting].filter((queue) => this.leaderFor(queue) === undefined);
    this.#retries.putOff(unsent, error);
    const retryAt = performance.now() + this.#cluster.settings.retryBackoffMs;
    for (const queue of unsent) {
      queue.retryAt = retryAt;
      if (!isRetriable(error)) this.#outcomes.giveUpAll(queue, error);
    }
  }

  async #newProducerId(): Promise<void> {
    if (this.#transaction !== undefined) {
      throw new KafkaError("INVALID_TXN_STATE", "no transaction was begun", false);
    }
    const link = await this.#cluster.any();
    const answer = await link.request("InitProducerId", { transactionalId: null });
    const { name, message, retriable } = errorOf(answer.errorCode);
    if (name !== "NONE") {
      throw new KafkaError(
        name,
        `Cannot get a producer id from ${link.address}: ${message} (${name})`,
        retriable,
      );
    }
    this.#buffer.producer = { id: Number(answer.producerId), epoch: answer.producerEpoch };
  }

  async #findLeaders(): Promise<void> {
    const missing = [...this.#buffer.waiting].filter((queue) => !this.#isLed(queue));
    if (missing.length === 0) return;
    const known = await this.#cluster.metadata(missing.map(({ topic }) => topic));
    for (const queue of missing) {
      if (this.#isLed(queue)) queue.unknown = 0;
      else this.#leaderless(queue, known.get(queue.topic));
    }
  }

  /** Puts off a queue without a leader, or gives it up once that is no matter of time. */
  #leaderless(queue: PartitionQueue, metadata: TopicMetadata | undefined): void {
    const name = whyLeaderless(queue, metadata);
    const missingForGood = name === "UNKNOWN_TOPIC_OR_PARTITION" && ++queue.unknown >= UNKNOWN_TRIES;
    const error = new KafkaError(
      name,
      name === "UNKNOWN_TOPIC_OR_PARTITION"
        ? `partition ${queue.partition} of ${queue.topic} does not exist (${name}): create the topic first`
        : `${queue.topic}-${queue.partition} can't be written to (${name})`,
      ELSEWHERE.has(name),
    );
    if (missingForGood || !error.retriable) return this.#outcomes.giveUpAll(queue, error);
    this.#retries.putOff([queue], error);
    queue.retryAt = performance.now() + this.#cluster.settings.retryBackoffMs;
  }

  /** In one request for all partitions that were written to since the last one. */
  async #joinTransaction(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    const missing = [...this.#buffer.waiting].filter((queue) =>
      this.#isLed(queue) && !transaction.has(queue.topic, queue.partition)
    );
    if (missing.length > 0) await transaction.add(missing);
  }

  #isLed({ topic, partition }: PartitionQueue): boolean {
    return this.#cluster.leader(topic, partition) !== undefined;
  }
}

/** Kafka's name of the error that the metadata has for a partition. */
function whyLeaderless({ partition }: PartitionQueue, metadata: TopicMetadata | undefined): string {
  if (metadata === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
  if (metadata.error !== "NONE") return metadata.error;
  return metadata.leaders[partition] === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "LEADER_NOT_AVAILABLE";
}
