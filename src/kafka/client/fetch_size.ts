/**
 * How much to fetch of one broker at a time. On a short way little, so that what is fetched is processed
 * before the garbage collector takes it for long-lived; on a long way so much that processing does not run
 * dry while the next answer is under way.
 *
 * @module
 */

/**
 * Below this round trip, in ms, the least is enough. It is more than what processing between two looks at the
 * sockets adds to that of a broker nearby (8 ms in the engine).
 */
const SHORT_MS = 12;
/**
 * How many round trips the records of an answer are to last. Two are needed: a partition that has just been
 * taken up again waits for the fetch under way, then for its own. The third is for how fast the processing
 * can become.
 */
const ROUND_TRIPS = 3;
/** Of how many answers with records the fastest counts as the round trip. */
const ANSWERS = 16;
/** The rate is taken anew after so many round trips, or so many ms where that is longer. */
const WINDOW_ROUND_TRIPS = 2;
const LEAST_WINDOW_MS = 20;

/** Bounds of a {@linkcode FetchSize}. */
export interface FetchSizeBounds {
  /** The least of a partition, in bytes. */
  readonly partitionBytes: number;
  /** The least of an answer, in bytes. */
  readonly maxBytes: number;
}

/**
 * The bounds of the next fetch from one broker: they follow its round trips and the rate of what it brings.
 */
export class FetchSize {
  /** What a fetch brings of a partition at most, in bytes. */
  partitionBytes: number;
  /** What a fetch brings at most, in bytes. */
  maxBytes: number;
  readonly #bounds: FetchSizeBounds;
  /** The fastest of the answers before the last {@linkcode ANSWERS}, and of those since, in ms. */
  #before = Infinity;
  #since = Infinity;
  #answers = 0;
  #windowFrom = -Infinity;
  /** Bytes that came since the rate was taken last, by partition. */
  readonly #received = new Map<string, number>();

  constructor(bounds: FetchSizeBounds) {
    this.#bounds = bounds;
    ({ partitionBytes: this.partitionBytes, maxBytes: this.maxBytes } = bounds);
  }

  /**
   * The round trip in ms as far as it was seen: of the fastest of the last answers with records. `undefined`
   * before the first.
   */
  get roundTripMs(): number | undefined {
    const fastest = Math.min(this.#before, this.#since);
    return fastest === Infinity ? undefined : fastest;
  }

  /** Notes what an answer brought of a partition, in bytes. */
  received(partition: string, bytes: number): void {
    this.#received.set(partition, (this.#received.get(partition) ?? 0) + bytes);
  }

  /**
   * Notes that an answer with records came, after {@linkcode received} was told of its partitions.
   *
   * @param now By `performance.now()`.
   * @param tookMs From the request to the answer.
   * @param mostBytes What an answer may bring where the way is long, in bytes.
   */
  answered(now: number, tookMs: number, mostBytes: number): void {
    this.#since = Math.min(this.#since, tookMs);
    if (++this.#answers >= ANSWERS) {
      [this.#before, this.#since, this.#answers] = [this.#since, Infinity, 0];
    }
    const roundTrip = Math.min(this.#before, this.#since);
    const elapsed = now - this.#windowFrom;
    if (elapsed < Math.max(LEAST_WINDOW_MS, WINDOW_ROUND_TRIPS * roundTrip)) return;
    if (elapsed < Infinity) this.#resize(roundTrip, elapsed, mostBytes);
    this.#windowFrom = now;
    this.#received.clear();
  }

  #resize(roundTrip: number, elapsed: number, mostBytes: number): void {
    const { partitionBytes, maxBytes } = this.#bounds;
    const most = Math.max(...this.#received.values()) / elapsed * roundTrip * ROUND_TRIPS;
    const wanted = roundTrip < SHORT_MS ? 0 : most;
    const share = mostBytes / this.#received.size;
    this.partitionBytes = Math.ceil(Math.max(partitionBytes, Math.min(wanted, share)));
    this.maxBytes = Math.max(maxBytes, Math.min(mostBytes, this.partitionBytes * this.#received.size));
  }
}
