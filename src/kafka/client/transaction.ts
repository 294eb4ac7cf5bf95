/**
 * The transactions of one transactional producer, as their coordinator sees them.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { grouped } from "./admin.ts";
import type { BrokerLink, Lane } from "./broker_link.ts";
import { type ApiName, errorOf } from "./kafkajs_internals.ts";
import {
  CommitRejected,
  ConnectionLost,
  isRetriable,
  KafkaError,
  messageOf,
  ProducerFenced,
} from "../port/errors.ts";
import type { GroupOffsets } from "../port/producer.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";
import {
  decodeInitProducerId,
  decodeTxnOffsetCommit,
  encodeInitProducerId,
  encodeTxnOffsetCommit,
  INIT_PRODUCER_ID_KEY,
  NO_IDENTITY,
  type ProducerIdentity,
  TRANSACTIONS_VERSION,
  TXN_OFFSET_COMMIT_KEY,
} from "../wire/protocol/transactions.ts";
import { delay } from "../common/retrying.ts";

/**
 * The lane of a transaction's requests. It is not that of produce requests, as a broker answers what comes
 * over one connection in its order.
 */
const LANE: Lane = 1;
/** How long to wait while the markers of the last transaction are written, in ms: at first, and at most. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 20;
/** Errors after which the coordinator has to be looked for again. */
const MOVED = new Set(["NOT_COORDINATOR_FOR_GROUP", "GROUP_COORDINATOR_NOT_AVAILABLE"]);
/**
 * Errors that are over in some ms: markers are being written, or a coordinator is at work on this transaction
 * and answers TxnOffsetCommit, before version 5, by the second (KIP-890).
 */
const SOON = new Set(["CONCURRENT_TRANSACTIONS", "GROUP_LOAD_IN_PROGRESS"]);
/**
 * Errors that say that somebody else has the transactional id now, or that the coordinator has ended the
 * transaction.
 */
const FENCED = new Set([
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
]);
const REMEDIES = new Map([
  [
    "INVALID_TRANSACTION_TIMEOUT",
    "the transaction timeout must be within the broker's transaction.max.timeout.ms",
  ],
  [
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    "the credentials need the right to write with this transactional id",
  ],
  ["GROUP_AUTHORIZATION_FAILED", "the credentials need the right to read with this group id"],
  ["TOPIC_AUTHORIZATION_FAILED", "the credentials need the right to write to the topic"],
]);

/** The coordinator does not know the identity that a request was made with. */
class UnknownIdentity extends KafkaError {
  readonly askedAs: ProducerIdentity;
  constructor(message: string, askedAs: ProducerIdentity) {
    super("INVALID_PRODUCER_ID_MAPPING", message, true);
    this.askedAs = askedAs;
  }
}

/** Settings of a {@linkcode Transaction}. */
export interface TransactionSettings {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** How long a request that may succeed later is tried, in ms. */
  readonly giveUpAfterMs: number;
  /** Told of a new identity that was needed within a transaction, before anything was written in it. */
  onRenewed(identity: ProducerIdentity): void;
}

/** Asks the coordinators of a transactional id and of its group. One transaction after another. */
export class Transaction {
  readonly transactionalId: string;
  /** Set for good once this producer may not write any more. */
  fenced: ProducerFenced | undefined;
  /** Whether sequence numbers are in doubt, so that the next transaction needs a new epoch. */
  inDoubt = false;
  #renewing: Promise<void> | undefined;
  /** Whether that was in the open transaction. */
  #renewed = false;
  readonly #cluster: Cluster;
  readonly #settings: TransactionSettings;
  #identity: ProducerIdentity = NO_IDENTITY;
  #link: BrokerLink | undefined;
  #groupLink: BrokerLink | undefined;
  /** Partitions of the open transaction. */
  readonly #partitions = new Set<string>();
  /** The last group: it is added to the next transaction in time for its offsets not to wait. */
  #group: string | undefined;
  #groupAdded: Promise<void> | undefined;
  #partitionsAdded: Promise<unknown> | undefined;
  /** Whether the coordinator may know of the open transaction. */
  #started = false;
  /** Whether the coordinator is sure to know of the open transaction. */
  #confirmed = false;
  #committing = false;
  #stopped = false;

  constructor(cluster: Cluster, settings: TransactionSettings) {
    this.transactionalId = settings.transactionalId;
    this.#cluster = cluster;
    this.#settings = settings;
  }

  /** Who the producer is; {@linkcode NO_IDENTITY} before the first {@linkcode register}. */
  get identity(): ProducerIdentity {
    return this.#identity;
  }

  /**
   * Gets an identity: the first time a new one, which fences earlier producers; later one with the next
   * epoch.
   */
  async register(): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.#settings;
    return await this.#persist("begin with", async () => {
      const link = await this.#coordinator();
      await this.#require(link, INIT_PRODUCER_ID_KEY, "InitProducerId");
      const answer = await link.send(
        INIT_PRODUCER_ID_KEY,
        "InitProducerId",
        TRANSACTIONS_VERSION,
        encodeInitProducerId(transactionalId, transactionTimeoutMs, this.#identity),
        { lane: LANE, flexible: true, decode: decodeInitProducerId },
      );
      link.throttle(answer.throttleMs, LANE);
      this.#check(answer.errorCode, "begin with");
      this.inDoubt = false;
      return this.#identity = { id: answer.id, epoch: answer.epoch };
    });
  }

  /** Whether a partition may be written to. */
  has(topic: string, partition: number): boolean {
    return this.#partitions.has(partitionKey(topic, partition));
  }

  /** Makes partitions part of the transaction. */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    // On one connection they are carried out in a row, but for one round trip.
    if (this.#group !== undefined) this.#addGroup(this.#group);
    const added = this.#addPartitions(partitions);
    this.#partitionsAdded = Promise.allSettled([this.#partitionsAdded, added]);
    await added;
    // What is written while a change of the transaction is under way the broker refuses, as it can't verify
    // it.
    await Promise.allSettled([this.#groupAdded]);
  }

  async #addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    const topics = grouped(partitions, ({ partition }) => partition);
    await this.#persist("write with", async () => {
      const answer = await this.#ask("AddPartitionsToTxn", { topics });
      for (const { topic, partitionErrors } of answer.errors) {
        for (const { partition, errorCode } of partitionErrors) {
          // The others are fine; the one that is not is named by its own error.
          if (errorOf(errorCode).name === "OPERATION_NOT_ATTEMPTED") continue;
          this.#check(errorCode, `write to ${topic}-${partition} with`, answer.askedAs);
        }
      }
    });
    this.#confirmed = true;
    for (const { topic, partition } of partitions) this.#partitions.add(partitionKey(topic, partition));
  }

  /**
   * Makes offsets part of the transaction.
   * @throws {CommitRejected} When the group refuses them.
   */
  async commitOffsets(offsets: GroupOffsets): Promise<void> {
    await this.#addGroup(offsets.groupId);
    await this.#partitionsAdded;
    await this.#persist("commit offsets with", async () => {
      const link = this.#groupLink ??= await this.#cluster.coordinator(offsets.groupId);
      try {
        await this.#require(link, TXN_OFFSET_COMMIT_KEY, "TxnOffsetCommit");
        const answer = await link.send(
          TXN_OFFSET_COMMIT_KEY,
          "TxnOffsetCommit",
          TRANSACTIONS_VERSION,
          encodeTxnOffsetCommit(this.transactionalId, this.#identity, offsets),
          {
            lane: LANE,
            flexible: true,
            decode: (bytes) => decodeTxnOffsetCommit(bytes, offsets.offsets),
          },
        );
        link.throttle(answer.throttleMs, LANE);
        for (const { topic, partition, errorCode } of answer.partitions) {
          this.#checkOffset(errorCode, offsets, `${topic}-${partition}`);
        }
      } catch (error) {
        if (isRetriable(error) && !(error instanceof KafkaError && SOON.has(error.code))) {
          this.#groupLink = undefined;
        }
        throw error;
      }
    });
  }

  /** Ends the transaction; at once when nothing was added to it. */
  async end(commit: boolean): Promise<void> {
    if (this.#started) {
      // Carried out after the end it would begin a transaction that nobody knows of.
      await Promise.allSettled([this.#groupAdded]);
      this.#committing ||= commit;
      const what = commit ? "commit" : "abort";
      try {
        await this.#persist(what, async () => {
          const answer = await this.#ask("EndTxn", { transactionResult: commit });
          const { name } = errorOf(answer.errorCode);
          // Nothing to abort: what was added never arrived, or a commit whose answer was lost has been made.
          if (!commit && name === "INVALID_TXN_STATE" && (!this.#confirmed || this.#committing)) return;
          this.#check(answer.errorCode, what, answer.askedAs);
        });
      } finally {
        this.#partitions.clear();
      }
    }
    this.#partitions.clear();
    this.#groupAdded = this.#partitionsAdded = undefined;
    this.#started =
      this.#confirmed =
      this.#committing =
      this.#renewed =
        false;
  }

  /** Notes that a broker refused a batch of this transaction. */
  refused(error: unknown): void {
    this.inDoubt = true;
    if (error instanceof KafkaError && FENCED.has(error.code)) this.#fence(error.message);
  }

  /** Ends what is tried again and again, now or from the next try on; {@linkcode resume} makes it new. */
  stop(): void {
    this.#stopped = true;
  }

  resume(): void {
    this.#stopped = false;
  }

  #addGroup(groupId: string): Promise<void> {
    if (this.#group !== groupId) {
      this.#group = groupId;
      this.#groupLink = this.#groupAdded = undefined;
    }
    if (this.#groupAdded === undefined) {
      this.#groupAdded = this.#persist("commit offsets with", async () => {
        const answer = await this.#ask("AddOffsetsToTxn", { groupId });
        this.#check(answer.errorCode, "commit offsets with", answer.askedAs);
        this.#confirmed = true;
      });
      // Who needs it awaits it; without offsets to commit nobody does, and then it does not matter.
      this.#groupAdded.catch(() => {});
    }
    return this.#groupAdded;
  }

  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  async #ask(api: ApiName, body: Record<string, unknown>): Promise<any> {
    const link = await this.#coordinator();
    this.#started = true;
    const askedAs = this.#identity;
    const { id, epoch } = askedAs;
    const answer = await link.request(api, {
      transactionalId: this.transactionalId,
      producerId: String(id),
      producerEpoch: epoch,
      ...body,
    }, { lane: LANE });
    return { ...answer, askedAs };
  }

  async #coordinator(): Promise<BrokerLink> {
    return this.#link ??= await this.#cluster.coordinator(this.transactionalId, "transactional id");
  }

  async #require(link: BrokerLink, apiKey: number, name: string): Promise<void> {
    if (await link.takes(apiKey, TRANSACTIONS_VERSION)) return;
    throw new KafkaError(
      "UNSUPPORTED_VERSION",
      `Cannot use transactions with ${link.address}: received a broker without version ` +
        `${TRANSACTIONS_VERSION} of ${name}; use Kafka 2.5 or newer`,
      false,
    );
  }

  /** Tries until it succeeds, fails for good, or time is up. */
  async #persist<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#settings.giveUpAfterMs;
    let wait = FIRST_WAIT_MS;
    while (true) {
      if (this.fenced !== undefined) throw this.fenced;
      try {
        return await attempt();
      } catch (error) {
        if (!isRetriable(error)) throw error;
        if (this.#stopped || performance.now() > until) {
          throw new ConnectionLost(
            `Cannot ${what} transactional id ${this.transactionalId}: tried ` +
              (this.#stopped ? "until the producer was stopped" : `for ${this.#settings.giveUpAfterMs} ms`) +
              `; last: ${messageOf(error)}`,
            { cause: error },
          );
        }
        if (
          error instanceof KafkaError && SOON.has(error.code) && wait < this.#cluster.settings.retryBackoffMs
        ) {
          await delay(wait);
          wait = error.code === "CONCURRENT_TRANSACTIONS" ? Math.min(LONGEST_WAIT_MS, wait * 2) : wait * 2;
          continue;
        }
        if (error instanceof UnknownIdentity) {
          await this.#renew(error.askedAs);
          continue;
        }
        this.#link = undefined;
        await delay(this.#cluster.settings.retryBackoffMs);
      }
    }
  }

  /**
   * Begins again where the coordinator has forgotten this producer, as nothing was written for its
   * transactional.id.expiration.ms. It is told who this was: where another producer has begun since, that one
   * goes on and this one is fenced.
   */
  async #renew(askedAs: ProducerIdentity): Promise<void> {
    // Another request of this transaction has seen to it.
    if (askedAs !== this.#identity) return;
    this.#renewed = true;
    await (this.#renewing ??= (async () => {
      try {
        this.#settings.onRenewed(await this.register());
        this.#cluster.settings.logger.warn(
          `The broker had forgotten transactional id ${this.transactionalId}, with which nothing was ` +
            "written for its transactional.id.expiration.ms: it has begun again",
        );
      } finally {
        this.#renewing = undefined;
      }
    })());
  }

  /**
   * Whether an identity that the coordinator does not know can be had anew: nothing was written with it in
   * this transaction.
   */
  #renewable(askedAs: ProducerIdentity): boolean {
    return askedAs !== this.#identity || this.#renewing !== undefined || (!this.#confirmed && !this.#renewed);
  }

  #check(errorCode: number, what: string, askedAs?: ProducerIdentity): void {
    const { name, message, retriable } = errorOf(errorCode);
    if (name === "NONE") return;
    const text = `Cannot ${what} transactional id ${this.transactionalId}: ${message} (${name})`;
    if (name === "INVALID_PRODUCER_ID_MAPPING" && askedAs !== undefined && this.#renewable(askedAs)) {
      throw new UnknownIdentity(text, askedAs);
    }
    if (FENCED.has(name)) throw this.#fence(text);
    const remedy = REMEDIES.get(name);
    throw new KafkaError(
      name,
      remedy === undefined ? text : `${text}; ${remedy}`,
      retriable || MOVED.has(name),
    );
  }

  #checkOffset(errorCode: number, { groupId, generation }: GroupOffsets, partition: string): void {
    const { name, message } = errorOf(errorCode);
    switch (name) {
      case "REBALANCE_IN_PROGRESS":
      case "ILLEGAL_GENERATION": // a member that has joined again owns most of what it did
      case "UNKNOWN_MEMBER_ID":
      case "FENCED_INSTANCE_ID":
        throw new CommitRejected(
          `Group ${groupId} refused the offset of ${partition} of generation ${generation}: ${message} ` +
            `(${name})`,
          name === "REBALANCE_IN_PROGRESS" || name === "ILLEGAL_GENERATION",
        );
    }
    this.#check(errorCode, `commit the offset of ${partition} of group ${groupId} with`);
  }

  #fence(message: string): ProducerFenced {
    return this.fenced ??= new ProducerFenced(
      `${message}. Another producer has begun with this id, or a transaction was open for longer than ` +
        `${this.#settings.transactionTimeoutMs} ms; close this producer and make a new one if its work is ` +
        "still yours",
    );
  }
}
