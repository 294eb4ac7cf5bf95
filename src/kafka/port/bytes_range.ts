/** A range of somebody's buffer, which may hold other bytes soon: who needs them for longer copies them. */
export interface BytesRange {
  /** What the range is in. */
  readonly bytes: Uint8Array;
  /** The first byte. */
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
}

/**
 * HOT PATH. A range that is set anew for each record, so that none is made for it.
 *
 * @example
 * ```ts
 * import { ReusedRange } from "./bytes_range.ts";
 *
 * const range = new ReusedRange();
 * range.set(new Uint8Array(100), 10, 20);
 * console.log(range.to - range.from); // 10
 * ```
 */
export class ReusedRange implements BytesRange {
  /** What the range is in. */
  bytes: Uint8Array = NO_BYTES;
  /** The first byte. */
  from = 0;
  /** Behind the last byte. */
  to = 0;

  /** Makes it another range, and returns it. */
  set(bytes: Uint8Array, from: number, to: number): this {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    return this;
  }
}

/** All of an array; `null` for none. */
export function whole(bytes: Uint8Array): BytesRange;
/** All of an array, where there is one. */
export function whole(bytes: Uint8Array | null): BytesRange | null;
export function whole(bytes: Uint8Array | null): BytesRange | null {
  return bytes === null ? null : new ReusedRange().set(bytes, 0, bytes.length);
}

const NO_BYTES = new Uint8Array(0);
