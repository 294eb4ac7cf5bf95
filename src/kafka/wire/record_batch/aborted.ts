import { CorruptRecordError, type RecordPosition } from "./errors.ts";
import { CONTROL, PRODUCER_ID, readInt64, RECORDS, TRANSACTIONAL } from "./format.ts";
import { readVarint, readVarlong, varintEnd } from "./varint.ts";

/** An aborted transaction, as a fetch response with read_committed lists them. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** The transaction's first offset in this partition. */
  readonly firstOffset: number;
}

/**
 * Which producers' records belong to an aborted transaction, as reading goes on: from the transaction's first
 * offset to its abort marker, a control record (as Java's CompletedFetch does).
 */
export class AbortedProducers {
  /** By first offset, descending: the next one is last. */
  readonly #upcoming: AbortedTransaction[];
  readonly #aborted = new Set<number>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#upcoming = transactions.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /**
   * Whether this batch's records belong to an aborted transaction. To be called for each batch in its order.
   */
  skips(
    bytes: Uint8Array,
    at: number,
    end: number,
    attributes: number,
    lastOffset: number,
    where: RecordPosition,
  ): boolean {
    const producerId = readInt64(bytes, at + PRODUCER_ID);
    if (producerId < 0) return false;
    while (this.#upcoming.length > 0 && this.#upcoming.at(-1)!.firstOffset <= lastOffset) {
      this.#aborted.add(this.#upcoming.pop()!.producerId);
    }
    if (attributes & CONTROL && isAbortMarker(bytes, at + RECORDS, end, where)) {
      this.#aborted.delete(producerId);
    }
    return (attributes & TRANSACTIONAL) !== 0 && this.#aborted.has(producerId);
  }
}

/**
 * Whether a control batch's record is an abort marker: its key is a version and a type, 16 bits each, and
 * type 0 is abort.
 */
function isAbortMarker(bytes: Uint8Array, from: number, end: number, where: RecordPosition): boolean {
  if (from === end) return false; // compaction took the record
  let at = skipVarint(bytes, from, end); // length
  at = skipVarint(bytes, at + 1, end); // attributes, timestamp delta
  at = skipVarint(bytes, at, end); // offset delta
  const keyLength = readVarint(bytes, at, end);
  if (varintEnd < 0 || keyLength < 4 || varintEnd + keyLength > end) {
    throw new CorruptRecordError(where, "a control record without a type");
  }
  return bytes[varintEnd + 2] === 0 && bytes[varintEnd + 3] === 0;
}

/** The index after a varint of any size; `end` when it goes beyond. */
function skipVarint(bytes: Uint8Array, from: number, end: number): number {
  readVarlong(bytes, from, end);
  return varintEnd < 0 ? end : varintEnd;
}
