/**
 * The port of who appends records, in transactions where they are to be seen all or none.
 *
 * @module
 */
import type { BytesRange } from "./bytes_range.ts";
import type { RecordHeaders } from "./record_set.ts";
import type { TopicPartitionOffset } from "./topics.ts";

/** Settings of a {@linkcode Producer}. */
export interface ProducerOptions {
  /**
   * How long records wait for more before they are sent, in ms. Default 5. {@linkcode Producer.flush} never
   * waits.
   */
  readonly lingerMs?: number;
  /**
   * A partition's batch is sent when it holds this many bytes, or after the linger when none of it is under
   * way. Default 131,072.
   */
  readonly batchBytes?: number;
  /**
   * {@linkcode Producer.ready} waits while {@linkcode Producer.pendingBytes} are more than this. Default
   * 33,554,432.
   */
  readonly bufferBytes?: number;
  /**
   * How long sending a batch is retried before its records are given up as lost, in ms. Default 120,000, as
   * Kafka's `delivery.timeout.ms`.
   */
  readonly deliveryTimeoutMs?: number;
  /** How batches are compressed. Default `none`. */
  readonly compression?: "none" | "gzip";
  /**
   * Makes it a transactional producer: all is appended in transactions ({@linkcode Producer.begin}). Of the
   * producers with the same id only the one that began last can write; so a task's id must be the same
   * wherever the task runs.
   */
  readonly transactionalId?: string;
  /**
   * A transaction open for longer than this is aborted by the log, and its producer fenced, in ms. Default
   * 10,000, as Kafka Streams with exactly once. Until then an open transaction of a producer that died holds
   * up `read_committed` readers.
   */
  readonly transactionTimeoutMs?: number;
  /**
   * Decides about each record that the log refuses for good for what it is: it is too large, or has no key
   * where one is needed. `drop` leaves it out, another record is written in its place (in the same
   * transaction, and before `flush` resolves), and `fail`, the default, is a {@linkcode ProduceError}. Never
   * asked because the log can't be reached, the topic is missing or the producer is fenced.
   */
  readonly onRefused?: (record: RefusedRecord) => "fail" | "drop" | Substitute;
  /**
   * Topics that it will write to: it gets ready for them at once, so that its first records need not wait.
   */
  readonly topics?: readonly string[];
}

/** A record that is written in the place of a refused one. */
export interface Substitute {
  /** The topic to write to. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The encoded key; `null` for none. */
  readonly key: Uint8Array | null;
  /** The encoded value; `null` for none. */
  readonly value: Uint8Array | null;
  /** The headers, in their order. */
  readonly headers: RecordHeaders;
}

/** A record that the log refused for good. */
export interface RefusedRecord extends Substitute {
  /** Why the log refused it. */
  readonly error: Error;
}

/** A group's offsets to commit in a transaction, and the member in whose name. */
export interface GroupOffsets {
  /** The group's name. */
  readonly groupId: string;
  /** {@linkcode GroupMember.memberId} when the records were processed. */
  readonly memberId: string;
  /**
   * {@linkcode GroupMember.generation} when the records were processed: a commit of an older one is refused.
   */
  readonly generation: number;
  /** The offsets to commit, each that of the next record to process. */
  readonly offsets: readonly TopicPartitionOffset[];
}

/**
 * Appends records. Records of one partition keep their order, retries included.
 *
 * With a {@linkcode ProducerOptions.transactionalId} it goes in circles: {@linkcode begin},
 * {@linkcode append}, {@linkcode commit} or {@linkcode abort}. After any of these (or `flush`) rejected, the
 * only steps left are `abort` and `close`, unless the rejection is a retriable {@linkcode CommitRejected};
 * after {@linkcode ProducerFenced} only `close`.
 *
 * @example
 * ```ts
 * import { MemoryLog, whole } from "@kos/kos/kafka";
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
   * Begins a transaction. The first call registers the transactional id: producers that used it before are
   * fenced, and what they had open is aborted or, where they had committed, completed. So a task calls it
   * before it asks for its committed offsets and restores its state. Later calls cost no round trip.
   * @throws {ProducerFenced} When another producer has begun with the same transactional id.
   * @throws {Error} When there is no transactional id, or a transaction is open already.
   */
  begin(): Promise<void>;
  /**
   * Flushes, and commits what was appended since {@linkcode begin} and the offsets, both or neither. Resolves
   * when the commit can't be undone any more; readers may see it some ms later, which
   * {@linkcode Log.committed} waits for.
   * @throws {ProducerFenced} When another producer has begun with the same id, or the transaction took longer
   * than its timeout.
   * @throws {CommitRejected} When the group refused the offsets, as {@linkcode GroupMember.commit}: if it is
   * retriable the transaction stays open, and can be committed again in the name of the member's new
   * generation; else abort.
   * @throws {ProduceError} When records could not be written: abort.
   * @throws {Error} When the coordinator could not be asked for long: it may have been committed. Abort, then
   * see `Log.committed`.
   */
  commit(offsets?: GroupOffsets): Promise<void>;
  /**
   * Drops what was appended since {@linkcode begin}; records not sent yet count as `failed`. Resolves at once
   * when no transaction is open.
   * @throws {ProducerFenced} When another producer has begun with the same id, which has aborted this
   * transaction: close.
   */
  abort(): Promise<void>;
  /**
   * HOT PATH. Copies one record into the open batch of its partition. Never blocks and never rejects;
   * {@linkcode ready} holds a fast writer back and {@linkcode flush} tells of failures. Throws only on a
   * transactional producer without an open transaction.
   *
   * @param timestamp Milliseconds since the epoch.
   * @param key The bytes of the key, or `null` for none. Keys and values are copied before this returns, so
   * their ranges may be used again.
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
  /**
   * Bytes of memory held by what was appended and is not yet acknowledged: buffers count with all of their
   * size.
   */
  readonly pendingBytes: number;
  /** Counts since the producer was made. `appended` = `acknowledged` + `failed` + those still pending. */
  readonly counts: { readonly appended: number; readonly acknowledged: number; readonly failed: number };
  /**
   * Sends so far retried, and the reason of the last of them, which may be long ago: shows that a broker is
   * slow or gone before anything is lost. `failing` tells why something that waits now could not be sent yet;
   * it is `undefined` while nothing fails.
   */
  readonly retries: {
    readonly count: number;
    readonly last: string | undefined;
    readonly failing?: string | undefined;
  };
  /**
   * Resolves at once while `pendingBytes` is at most `bufferBytes`, else when it is again: await it between
   * records.
   */
  ready(): Promise<void>;
  /**
   * Resolves when all that was appended before is acknowledged by all in-sync replicas.
   * @throws {ProduceError} When records were given up since the last flush: how many, of which topics and
   * why.
   */
  flush(): Promise<void>;
  /**
   * Flushes, then frees what it holds; rejects as {@linkcode flush} does. With `abandon`, drops what is
   * pending instead of flushing. An open transaction is aborted; with `abandon` it is left open, as by a
   * crash.
   */
  close(options?: { abandon?: boolean }): Promise<void>;
}
