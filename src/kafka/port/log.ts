/**
 * The Log port: all that the engine and the binaries need of a partitioned log. Two implementations pass one contract
 * suite: Kafka (`kafka_log.ts`) and an in-memory log (`memory_log.ts`).
 *
 * @module
 */
import type { BytesRange } from "./bytes_range.ts";
import type { RecordHeaders, RecordSet } from "./record_set.ts";

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition and an offset in it: the offset of the next record to read or to process. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** A string that names a partition, for use as a map's key: `topic-partition`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** A topic to create. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Default: the broker's own default. */
  readonly replicationFactor?: number;
  /** Topic configuration by Kafka's names, such as `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Further configuration that is left out where the log refuses it: old brokers don't know it all, managed ones keep some to themselves. */
  readonly preferred?: Readonly<Record<string, string>>;
}

/** What is known of an existing topic. */
export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  /** Differs from that of a former topic of the same name; `undefined` where the log tells none. */
  readonly id?: string;
}

/** What the connections to a log have come to so far: counts that only grow. */
export interface LogHealth {
  /** Requests that were answered, by whichever broker and whatever the answer said. */
  readonly answers: number;
  /** Requests, connections and reads of partitions that failed; most of them are tried again. */
  readonly failures: number;
  /** What the last of these failures said. */
  readonly lastFailure: string | undefined;
}

/** A partitioned log with consumer groups. */
export interface Log {
  /** Left out by a log that needs no connection, or does not count. */
  readonly health?: LogHealth;
  /** For messages: what it is and where, such as `Kafka at localhost:9092`. Never holds a secret. */
  readonly description: string;
  /** Describes the topics that exist, by name; a topic that does not exist is not in the map. */
  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>>;
  /** Creates the topics that do not exist yet, and resolves when they can be written to; existing ones are left as they are. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Deletes topics; those that do not exist are no error. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /**
   * The configuration that topics have, by Kafka's names: of `names`, those that the log knows. Topics that do not exist, or whose
   * configuration may not be read, are not in the map.
   */
  topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>>;
  /**
   * Deletes the records before an offset of each partition: its first offset is then at least that. Offsets below the first are no error.
   * @throws {Error} When a partition does not exist, ends before its offset, or may not be deleted from.
   */
  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void>;
  /** The first offset of each partition, or the one that the next record appended will get, in the order asked for. */
  offsets(partitions: readonly TopicPartition[], at: "earliest" | "latest"): Promise<number[]>;
  /** The offset that a group committed for each partition, in the order asked for; `undefined` where it committed none. */
  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]>;
  producer(options?: ProducerOptions): Producer;
  fetcher(options?: FetcherOptions): Fetcher;
  group(options: GroupOptions): GroupMember;
  /** Closes the connections. Producers, fetchers and group members must have been closed before. */
  close(): Promise<void>;
}

/** Settings of a {@linkcode Producer}. */
export interface ProducerOptions {
  /** How long records wait for more before they are sent, in ms. Default 5. {@linkcode Producer.flush} never waits. */
  readonly lingerMs?: number;
  /** A partition's batch is sent when it holds this many bytes, or after the linger when none of it is under way. Default 131,072. */
  readonly batchBytes?: number;
  /** {@linkcode Producer.ready} waits while {@linkcode Producer.pendingBytes} are more than this. Default 33,554,432. */
  readonly bufferBytes?: number;
  /** How long sending a batch is retried before its records are given up as lost, in ms. Default 120,000, as Kafka's `delivery.timeout.ms`. */
  readonly deliveryTimeoutMs?: number;
  readonly compression?: "none" | "gzip";
  /**
   * Makes it a transactional producer: all is appended in transactions ({@linkcode Producer.begin}). Of the producers with
   * the same id only the one that began last can write; so a task's id must be the same wherever the task runs.
   */
  readonly transactionalId?: string;
  /**
   * A transaction open for longer than this is aborted by the log, and its producer fenced, in ms. Default 10,000, as Kafka
   * Streams with exactly once. Until then an open transaction of a producer that died holds up `read_committed` readers.
   */
  readonly transactionTimeoutMs?: number;
  /**
   * Decides about each record that the log refuses for good for what it is: it is too large, or has no key where one is needed. `drop`
   * leaves it out, another record is written in its place (in the same transaction, and before `flush` resolves), and `fail`, the
   * default, is a {@linkcode ProduceError}. Never asked because the log can't be reached, the topic is missing or the producer is fenced.
   */
  readonly onRefused?: (record: RefusedRecord) => "fail" | "drop" | Substitute;
  /** Topics that it will write to: it gets ready for them at once, so that its first records need not wait. */
  readonly topics?: readonly string[];
}

/** A record that is written in the place of a refused one. */
export interface Substitute {
  readonly topic: string;
  readonly partition: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
}

/** A record that the log refused for good. */
export interface RefusedRecord extends Substitute {
  readonly error: Error;
}

/** A group's offsets to commit in a transaction, and the member in whose name. */
export interface GroupOffsets {
  readonly groupId: string;
  /** {@linkcode GroupMember.memberId} when the records were processed. */
  readonly memberId: string;
  /** {@linkcode GroupMember.generation} when the records were processed: a commit of an older one is refused. */
  readonly generation: number;
  /** Each that of the next record to process. */
  readonly offsets: readonly TopicPartitionOffset[];
}

/**
 * Appends records. Records of one partition keep their order, retries included.
 *
 * With a {@linkcode ProducerOptions.transactionalId} it goes in circles: {@linkcode begin}, {@linkcode append},
 * {@linkcode commit} or {@linkcode abort}. After any of these (or `flush`) rejected, the only steps left are `abort` and
 * `close`, unless the rejection is a retriable {@linkcode CommitRejected}; after {@linkcode ProducerFenced} only `close`.
 *
 * @example
 * ```ts
 * import { MemoryLog } from "../memory/memory_log.ts";
 * import { whole } from "./bytes_range.ts";
 *
 * const log = new MemoryLog();
 * await log.createTopics([{ topic: "greetings", partitions: 1 }]);
 * const value = new TextEncoder().encode("hello");
 * const producer = log.producer({ transactionalId: "greeter-0" });
 * await producer.begin();
 * producer.append("greetings", 0, Date.now(), null, whole(value));
 * await producer.commit(); // with a group's offsets, where the records come of other records
 * await producer.close();
 * ```
 */
export interface Producer {
  /**
   * Begins a transaction. The first call registers the transactional id: producers that used it before are fenced, and
   * what they had open is aborted or, where they had committed, completed. So a task calls it before it asks for its
   * committed offsets and restores its state. Later calls cost no round trip.
   * @throws {ProducerFenced} When another producer has begun with the same transactional id.
   * @throws {Error} When there is no transactional id, or a transaction is open already.
   */
  begin(): Promise<void>;
  /**
   * Flushes, and commits what was appended since {@linkcode begin} and the offsets, both or neither. Resolves when the commit
   * can't be undone any more; readers may see it some ms later, which {@linkcode Log.committed} waits for.
   * @throws {ProducerFenced} When another producer has begun with the same id, or the transaction took longer than its timeout.
   * @throws {CommitRejected} When the group refused the offsets, as {@linkcode GroupMember.commit}: if it is retriable the transaction
   * stays open, and can be committed again in the name of the member's new generation; else abort.
   * @throws {ProduceError} When records could not be written: abort.
   * @throws {Error} When the coordinator could not be asked for long: it may have been committed. Abort, then see `Log.committed`.
   */
  commit(offsets?: GroupOffsets): Promise<void>;
  /**
   * Drops what was appended since {@linkcode begin}; records not sent yet count as `failed`. Resolves at once when no
   * transaction is open.
   * @throws {ProducerFenced} When another producer has begun with the same id, which has aborted this transaction: close.
   */
  abort(): Promise<void>;
  /**
   * HOT PATH. Copies one record into the open batch of its partition. Never blocks and never rejects; {@linkcode ready} holds a
   * fast writer back and {@linkcode flush} tells of failures. Throws only on a transactional producer without an open transaction.
   *
   * @param timestamp Milliseconds since the epoch.
   * @param key The bytes of the key, or `null` for none. Keys and values are read before this returns, so their
   * ranges may be used again.
   * @param value The bytes of the value, or `null` for none: in a compacted topic, a tombstone.
   */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
  ): void;
  /** Bytes of memory held by what was appended and is not yet acknowledged: buffers count with all of their size. */
  readonly pendingBytes: number;
  /** Counts since the producer was made. `appended` = `acknowledged` + `failed` + those still pending. */
  readonly counts: { readonly appended: number; readonly acknowledged: number; readonly failed: number };
  /**
   * Sends so far retried, and the reason of the last of them, which may be long ago: shows that a broker is slow or gone before
   * anything is lost. `failing` tells why something that waits now could not be sent yet; it is `undefined` while nothing fails.
   */
  readonly retries: {
    readonly count: number;
    readonly last: string | undefined;
    readonly failing?: string | undefined;
  };
  /** Resolves at once while `pendingBytes` is at most `bufferBytes`, else when it is again: await it between records. */
  ready(): Promise<void>;
  /**
   * Resolves when all that was appended before is acknowledged by all in-sync replicas.
   * @throws {ProduceError} When records were given up since the last flush: how many, of which topics and why.
   */
  flush(): Promise<void>;
  /**
   * Flushes, then frees what it holds; rejects as {@linkcode flush} does. With `abandon`, drops what is pending instead of flushing.
   * An open transaction is aborted; with `abandon` it is left open, as by a crash.
   */
  close(options?: { abandon?: boolean }): Promise<void>;
}

/** Settings of a {@linkcode Fetcher}. */
export interface FetcherOptions {
  /** How long the broker may hold a fetch open when there is nothing to read, in ms. Default 100. */
  readonly maxWaitMs?: number;
  /**
   * The same when nothing has come for a while. What is assigned or resumed meanwhile does not wait for it. Default 500, or `maxWaitMs`
   * where that is longer.
   */
  readonly quietWaitMs?: number;
  /**
   * Bytes a partition a fetch. Default 147,456: a full batch of a {@linkcode Producer} fits, and what is fetched is processed before the garbage
   * collector takes it for long-lived. Of batches that are larger than this a fetch brings one.
   */
  readonly partitionBytes?: number;
  /** Bytes a fetch. Default 4,194,304. */
  readonly maxBytes?: number;
  /**
   * What all brokers together may be asked for at a time where a round trip takes 12 ms or more: {@linkcode FetcherOptions.partitionBytes}
   * and `maxBytes` then grow with the round trip and with how fast records are polled, so that an answer lasts until the next one is there.
   * Default 16,777,216.
   */
  readonly longLinkBytes?: number;
  /**
   * Bytes that are fetched and not polled, beyond which a fetch brings no more than `partitionBytes` in all. Default 33,554,432.
   */
  readonly bufferBytes?: number;
  /** Whether records of open and aborted transactions are left out. Default `read_committed`. */
  readonly isolation?: "read_committed" | "read_uncommitted";
  /** What to do when an assigned offset is not in the log (any more): start over at an end, or fail {@linkcode Fetcher.poll}. Default `earliest`. */
  readonly outOfRange?: "earliest" | "latest" | "fail";
  /** Told when an offset was out of range and where reading goes on. */
  readonly onOutOfRange?: (partition: TopicPartition, wanted: number, resumedAt: number) => void;
  /** Told when the {@linkcode Fetcher.endOffset} of a partition has changed without records that the next poll would return. */
  readonly onEndMoved?: () => void;
  /** Told when an assigned partition can't be read since the log does not know it; again with each try. It goes on trying. */
  readonly onMissing?: (partition: TopicPartition) => void;
  /** Topics that it will read: it gets ready for them at once, so that its first fetch need not wait. */
  readonly topics?: readonly string[];
}

/** What the log holds of a partition. */
export interface PartitionBounds {
  /** The first record's. */
  readonly startOffset: number;
  /** The one that the next record appended will get. */
  readonly endOffset: number;
}

/** Reads partitions that it is told to read; knows nothing of groups. Fetches ahead: one fetch a broker is under way while the last is processed. */
export interface Fetcher {
  /** Adds a partition, or moves it: the next record is the one at `offset` or the first after it. What was fetched for it before is dropped. */
  assign(partition: TopicPartition, offset: number): void;
  /** Stops reading a partition. After this call `poll` returns nothing of it. */
  unassign(partition: TopicPartition): void;
  /** `poll` returns nothing more of this partition until {@linkcode resume}; at most one fetch's worth of it is kept. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /**
   * The sets fetched since the last poll, at most one a partition; as soon as there is one, else after `timeoutMs`
   * or {@linkcode wakeup} with none. Sets may have no records but a `nextOffset`.
   * @throws When the broker refuses for good (not authorized, corrupt records, offset out of range with `fail`), with what was read and why.
   */
  poll(timeoutMs: number): Promise<RecordSet[]>;
  /** Ends a waiting {@linkcode poll} now; or, when none waits, the next one returns at once. */
  wakeup(): void;
  /** The end of what may be read of a partition as of the last fetch answer; `undefined` before the first. */
  endOffset(partition: TopicPartition): number | undefined;
  /** What the log holds of a partition, as of a second ago at most; `undefined` when it was not read since, as a paused one. */
  bounds(partition: TopicPartition): PartitionBounds | undefined;
  close(): Promise<void>;
}

/** A member of a group as the assignor sees it. */
export interface Member {
  readonly memberId: string;
  /** What it subscribed to. */
  readonly topics: readonly string[];
  readonly userData: Uint8Array;
  /** What it owns now and will go on processing during the rebalance. */
  readonly owned: readonly TopicPartition[];
}

/** What one member is to have. */
export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData?: Uint8Array;
  /** From an assignor: partitions that go together. While another member has one of them to give up, none is handed out. */
  readonly units?: readonly (readonly TopicPartition[])[];
}

/** Decides who gets what. Runs in the group's leader; must be deterministic. */
export interface Assignor {
  /** The protocol's name; all members must use the same. */
  readonly name: string;
  /** The topics that it assigns. Default: all that the members it accepts subscribed to. */
  readonly topics?: readonly string[];
  /** What this member says about itself, asked for at each join. */
  userData(): Uint8Array;
  /** Whether a member is of this assignor's kind: what others claim to own does not count. Default: all are. */
  accepts?(member: Omit<Member, "owned">): boolean;
  /**
   * The assignment to reach. The group sees to the steps: a partition goes to its new owner only after the old one has
   * given it up ({@linkcode GroupOptions.onRevoked}), by a second rebalance (as Kafka's cooperative protocol does).
   */
  assign(
    members: readonly Member[],
    topics: ReadonlyMap<string, TopicDescription>,
  ): Map<string, MemberAssignment>;
}

/** Settings of a {@linkcode GroupMember}. */
export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly assignor: Assignor;
  /** Static membership: with an id, a restart within the session timeout causes no rebalance. */
  readonly groupInstanceId?: string;
  /** After this time without a heartbeat a member is considered dead, in ms. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Default 1,000 ms: it is also how soon a member hears of a rebalance. */
  readonly heartbeatIntervalMs?: number;
  /** How long the group waits for its members to rejoin, in ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /**
   * Partitions that this member did not have before, and the whole assignment with its user data. Awaited. Called once after
   * each rebalance, also when nothing was added. Errors thrown end the membership (see {@linkcode GroupMember.failed}).
   */
  onAssigned(added: readonly TopicPartition[], assignment: MemberAssignment): Promise<void>;
  /** Partitions to give up: commit them in here. Awaited before another member can get them. */
  onRevoked(revoked: readonly TopicPartition[]): Promise<void>;
  /** Partitions that are another member's already, as the group thought this one dead: drop their state, commits would fail. Awaited. */
  onLost(lost: readonly TopicPartition[]): Promise<void>;
}

/** A membership in a consumer group. Callbacks come one at a time. */
export interface GroupMember {
  /** Joins in the background; resolves after the first assignment's `onAssigned`. Rejects when the group can't be joined, saying why. */
  join(): Promise<void>;
  /** Empty before the first join. */
  readonly memberId: string;
  /** The group's generation; −1 while not a member. */
  readonly generation: number;
  /** How many rebalances this member took part in. */
  readonly rebalances: number;
  /** Rejects when the membership ended by itself for good; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Commits offsets (each that of the next record to process).
   * @throws {CommitRejected} When this member is no longer in the group (`onLost` follows), or a rebalance is under way: the commit was
   * not made; with `retriable` it can be made again after the rebalance for partitions still owned. Or one of the topics has gone.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Asks for a rebalance, since this member's user data changed. */
  rejoin(): void;
  /** Leaves the group at once, without `onRevoked`: the caller has committed. Idempotent. */
  leave(): Promise<void>;
}

/** A commit that the group refused. */
export class CommitRejected extends Error {
  override name = "CommitRejected";
  readonly retriable: boolean;
  constructor(message: string, retriable: boolean) {
    super(message);
    this.retriable = retriable;
  }
}

/** Records that a producer gave up. */
export class ProduceError extends Error {
  override name = "ProduceError";
  /** How many records were lost, by topic. */
  readonly lost: ReadonlyMap<string, number>;
  /** Whether the log refused a record for good for what it is: written again, it would be refused again. */
  readonly refused: boolean;
  constructor(
    message: string,
    lost: ReadonlyMap<string, number>,
    options?: ErrorOptions & { readonly refused?: boolean },
  ) {
    super(message, options);
    this.lost = lost;
    this.refused = options?.refused ?? false;
  }
}

/**
 * This producer may not write any more: another one has begun with its transactional id, or its transaction was open for longer
 * than its timeout. Nothing of the open transaction will be seen. Close it; who still owns the task makes a new one.
 */
export class ProducerFenced extends Error {
  override name = "ProducerFenced";
}
