/**
 * A fetch session with one broker (KIP-227): the broker remembers what is read, so that a request names only
 * what has changed since the last one, and an answer only the partitions that have something new. Without it
 * an idle reader of many partitions would send and decode all of their names ten times a second.
 *
 * @module
 */
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from "../port/topics.ts";

/** The epoch of a request that begins a session. */
const BEGIN = 0;
/** The largest epoch; 1 follows. */
const LAST_EPOCH = 0x7fff_ffff;
/**
 * Errors after which a new session has to be begun: the broker has dropped it for another, was restarted, or
 * lost count.
 */
const ENDED = new Set(["FETCH_SESSION_ID_NOT_FOUND", "INVALID_FETCH_SESSION_EPOCH"]);

/** What a request says of its session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** The partitions that are new, or read from another offset than before. */
  readonly partitions: readonly TopicPartitionOffset[];
  /** The partitions that are not read any more. */
  readonly forgotten: readonly TopicPartition[];
}

/** A partition to read. */
export interface SessionPartition extends TopicPartitionOffset {
  /**
   * The partition's end as the last answer had it; `undefined` when none is known: the broker is to tell,
   * even if nothing has changed since.
   */
  readonly endOffset: number | undefined;
}

/** The session with one broker, as the client counts it. One request at a time. */
export class FetchSession {
  #id = 0;
  #epoch = BEGIN;
  /** What the broker knows: the partition and the offset that is read next, by the partition's key. */
  #known = new Map<string, TopicPartitionOffset>();
  /** The partitions that the session will know once the request is answered. */
  #asked = new Map<string, TopicPartitionOffset>();

  /**
   * Says what to ask for. It holds when {@linkcode answered} follows; after any failure, {@linkcode failed}
   * has to.
   */
  request(wanted: readonly SessionPartition[]): SessionRequest {
    for (const { topic, partition, endOffset } of wanted) {
      if (endOffset === undefined && this.#known.has(partitionKey(topic, partition))) this.failed();
    }
    this.#asked = new Map();
    const partitions: TopicPartitionOffset[] = [];
    for (const { topic, partition, offset } of wanted) {
      const key = partitionKey(topic, partition);
      const known = this.#known.get(key);
      if (known?.offset === offset) {
        this.#asked.set(key, known);
        continue;
      }
      const asked = { topic, partition, offset };
      this.#asked.set(key, asked);
      partitions.push(asked);
    }
    const forgotten: TopicPartition[] = [];
    for (const [key, known] of this.#known) if (!this.#asked.has(key)) forgotten.push(known);
    return { sessionId: this.#id, sessionEpoch: this.#epoch, partitions, forgotten };
  }

  /**
   * Takes up an answer.
   *
   * @param error Kafka's name of the answer's error; `NONE` without.
   * @returns Whether the request is to be sent again in a new session.
   */
  answered(sessionId: number, error: string): boolean {
    if (error !== "NONE") {
      // The id stays: with the first epoch it ends the old session, where there is one.
      this.failed();
      if (!ENDED.has(error)) return false;
      this.#id = 0;
      return true;
    }
    this.#id = sessionId;
    if (sessionId === 0) {
      // The broker has no room for another session: each request names all.
      this.failed();
      return false;
    }
    this.#known = this.#asked;
    this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1;
    return false;
  }

  /** Begins anew with the next request: it is not known whether the broker has the last one. */
  failed(): void {
    this.#epoch = BEGIN;
    this.#known = new Map();
  }
}
