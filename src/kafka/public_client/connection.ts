/**
 * kafkajs's producer, with or without transactions, and what its errors mean.
 *
 * @module
 */
import kafkajs from "kafkajs";
import type { Producer, Transaction } from "kafkajs";
import { ConnectionLost, isRetriable, KafkaError, messageOf } from "../port/errors.ts";
import { type GroupOffsets, ProducerFenced } from "../port/log.ts";
import { delay } from "../common/retrying.ts";
import { causeOf, type ClientSettings, kafkaClient, translate, unreachable } from "./client.ts";
import type { Chunk } from "./chunks.ts";

/** How long to wait while the markers of the last transaction are written, in ms: at first, and at most. */
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 20;
/** Errors that say that somebody else has the transactional id now, or that the coordinator has ended the transaction. */
const FENCED = new Set([
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
]);

/** Settings of a {@linkcode Connection}. */
export interface ConnectionOptions {
  readonly compression: "none" | "gzip";
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  /** How long a request that may succeed later is tried, in ms. */
  readonly giveUpAfterMs: number;
}

/** One of kafkajs's producers at a time. A new one gets a new producer id or epoch, and with it new sequence numbers. */
export class Connection {
  /** Set for good once this producer may not write any more. */
  fenced: ProducerFenced | undefined;
  /**
   * Whether kafkajs's sequence numbers may not be the broker's, so that the next records need a new producer: it takes back those
   * of a send that failed, whether it was written or not, and another batch with the same numbers would pass for a repetition.
   */
  inDoubt = false;
  readonly #settings: ClientSettings;
  readonly #options: ConnectionOptions;
  #producer: Producer | undefined;
  #connecting: Promise<Producer> | undefined;
  #transaction: Transaction | undefined;
  #stopped = false;

  constructor(settings: ClientSettings, options: ConnectionOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  /** Sends records of one partition, once. */
  async send({ queue, messages }: Chunk): Promise<void> {
    const { topic, partition } = queue;
    try {
      const target = this.#options.transactionalId === undefined ? await this.#open() : this.#transaction!;
      const answer = await target.sendBatch({
        acks: -1,
        timeout: this.#settings.config.requestTimeoutMs,
        compression: this.#options.compression === "gzip"
          ? kafkajs.CompressionTypes.GZIP
          : kafkajs.CompressionTypes.None,
        topicMessages: [{ topic, messages: [...messages] }],
      });
      // kafkajs leaves out partitions that it does not know, without an error.
      if (answer.some((part) => part.topicName === topic && part.partition === partition)) return;
      throw new KafkaError(
        "UNKNOWN_TOPIC_OR_PARTITION",
        `Cannot write to ${topic}-${partition}: there is no such partition (UNKNOWN_TOPIC_OR_PARTITION)`,
        true,
      );
    } catch (error) {
      throw this.#translate(error, `Cannot write to ${topic}-${partition}`);
    }
  }

  /** Begins a transaction. The first time, and when sequence numbers are in doubt, it asks for an epoch, which ends what is open with this id. */
  async begin(): Promise<void> {
    await this.#persist("begin with", async () => {
      if (this.inDoubt) await this.#drop();
      this.#transaction = await (await this.#open()).transaction();
    });
  }

  async commitOffsets({ groupId, offsets }: GroupOffsets): Promise<void> {
    const topics = Object.entries(Object.groupBy(offsets, ({ topic }) => topic)).map(([topic, list]) => ({
      topic,
      partitions: list!.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    }));
    await this.#persist(
      `commit offsets of group ${groupId} with`,
      () => this.#transaction!.sendOffsets({ consumerGroupId: groupId, topics }),
    );
  }

  /**
   * Ends the transaction. kafkajs asks only once; what then is left of the transaction, the next producer with its id ends.
   */
  async end(commit: boolean): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    const what = commit ? "commit" : "abort";
    try {
      if (transaction?.isActive()) await (commit ? transaction.commit() : transaction.abort());
      else if (!commit) await this.#endByEpoch();
    } catch (error) {
      const translated = this.#translate(
        error,
        `Cannot ${what} transactional id ${this.#options.transactionalId}`,
      );
      this.inDoubt = true;
      if (this.fenced !== undefined || commit) throw translated;
      await this.#endByEpoch();
    }
  }

  /** Ends what is tried again and again, now or from the next try on; {@linkcode resume} makes it new. */
  stop(): void {
    this.#stopped = true;
  }

  resume(): void {
    this.#stopped = false;
  }

  /** Makes a new producer for the next records, without transactions. None may be under way. */
  async renew(): Promise<void> {
    if (this.inDoubt) await this.#drop();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#drop();
  }

  async #endByEpoch(): Promise<void> {
    this.inDoubt = true;
    await this.begin();
    // It is the next transaction's.
    await this.#transaction?.abort();
    this.#transaction = undefined;
  }

  #open(): Promise<Producer> {
    if (this.#producer !== undefined) return Promise.resolve(this.#producer);
    return this.#connecting ??= this.#connect().finally(() => this.#connecting = undefined);
  }

  async #connect(): Promise<Producer> {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    // A transaction's requests are refused for some ms after the last one's end, which kafkajs waits for by retrying.
    const retry = transactionalId === undefined
      ? { initialRetryTime: 50, retries: 3 }
      : { initialRetryTime: 5, maxRetryTime: 100, retries: 8 };
    const producer = kafkaClient(this.#settings, retry).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => ({ message }) => message.partition!,
      ...(transactionalId === undefined ? {} : { transactionalId, transactionTimeout: transactionTimeoutMs }),
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw unreachable(this.#settings.config.brokers, error);
    }
    return this.#producer = producer;
  }

  async #drop(): Promise<void> {
    await this.#connecting?.catch(() => {});
    const producer = this.#producer;
    this.#producer = this.#transaction = undefined;
    this.inDoubt = false;
    await producer?.disconnect().catch(() => {}); // it was broken
  }

  /** Tries until it succeeds, fails for good, or time is up. */
  async #persist<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { giveUpAfterMs, transactionalId } = this.#options;
    const until = performance.now() + giveUpAfterMs;
    let wait = FIRST_WAIT_MS;
    while (true) {
      if (this.fenced !== undefined) throw this.fenced;
      try {
        return await attempt();
      } catch (error) {
        const translated = this.#translate(error, `Cannot ${what} transactional id ${transactionalId}`);
        if (!isRetriable(translated)) throw translated;
        if (this.#stopped || performance.now() > until) {
          throw new ConnectionLost(
            `Cannot ${what} transactional id ${transactionalId}: tried ` +
              (this.#stopped ? "until the producer was stopped" : `for ${giveUpAfterMs} ms`) +
              `; last: ${messageOf(translated)}`,
            { cause: translated },
          );
        }
        const soon = translated instanceof KafkaError && translated.code === "CONCURRENT_TRANSACTIONS";
        await delay(soon ? wait : this.#settings.config.retryBackoffMs);
        wait = Math.min(LONGEST_WAIT_MS, wait * 2);
      }
    }
  }

  #translate(error: unknown, what: string): Error {
    const { code } = causeOf(error);
    const translated = translate(error, what);
    const { transactionalId, transactionTimeoutMs } = this.#options;
    if (transactionalId === undefined || code === undefined || !FENCED.has(code)) return translated;
    return this.fenced ??= new ProducerFenced(
      `Cannot write with transactional id ${transactionalId}: ${translated.message}. Another producer has begun with this id, ` +
        `or a transaction was open for longer than ${transactionTimeoutMs} ms; close this producer and make a new one if its ` +
        "work is still yours",
    );
  }
}
