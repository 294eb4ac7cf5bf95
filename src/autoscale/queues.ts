/** Less than this is none: what is left of numbers that were added up and taken away again. */
const NONE = 1e-6;

/** Instances as their partitions see them. */
export interface Worker {
  readonly partitions: readonly number[];
  /** Records that it has processed in all. */
  processed: number;
  /** What comes to its partitions, of 1. */
  share: number;
}

/**
 * The partitions' queues, second by second. What comes in is spread by fixed shares, so that one sum of all
 * that came tells how old the oldest record of any partition is.
 */
export class Queues {
  /** Records left, by partition. */
  readonly lags: Float64Array;
  /** The share of what comes in, by partition. */
  readonly shares: Float64Array;
  /** Until when a partition rests, in seconds. */
  readonly restsUntil: Float64Array;
  readonly #capacity: number;
  /** What had come in at the beginning of each second. */
  readonly #arrived: Float64Array;
  #workers: readonly Worker[] = [];
  #mostShare = 1;
  #empty = true;
  #restsUntil = 0;
  /** What came while nobody had a lag, and is not counted to its workers yet. */
  #passed = 0;
  /** A second whose records have all been processed. */
  #oldest = 0;

  /**
   * @param skew 0 for partitions that are alike; else partition n gets as much as 1 / (n + 1) to that power.
   * @param capacity Records a second that a worker can process.
   */
  constructor(partitions: number, skew: number, capacity: number, seconds: number) {
    this.#capacity = capacity;
    this.lags = new Float64Array(partitions);
    this.restsUntil = new Float64Array(partitions);
    this.#arrived = new Float64Array(seconds + 1);
    this.shares = sharesOf(partitions, skew);
  }

  /** Who processes what from now on. */
  assign(workers: readonly Worker[]): void {
    this.settle();
    this.#workers = workers;
    for (const worker of workers) {
      worker.share = worker.partitions.reduce((sum, partition) => sum + this.shares[partition]!, 0);
    }
    this.#mostShare = Math.max(...workers.map(({ share }) => share));
  }

  /** Lets a partition rest until a second. */
  rest(partition: number, untilSecond: number): void {
    this.restsUntil[partition] = Math.max(this.restsUntil[partition]!, untilSecond);
    this.#restsUntil = Math.max(this.#restsUntil, untilSecond);
  }

  /** One second, in which `rate` records come. @returns Records that were processed. */
  step(second: number, rate: number): number {
    this.#arrived[second + 1] = this.#arrived[second]! + rate;
    if (this.#empty && second >= this.#restsUntil && rate * this.#mostShare <= this.#capacity) {
      this.#passed += rate;
      return rate;
    }
    this.settle();
    let done = 0;
    this.#empty = true;
    for (const worker of this.#workers) done += this.#work(worker, second, rate);
    return done;
  }

  /** Brings what workers have processed up to date. */
  settle(): void {
    if (this.#passed === 0) return;
    for (const worker of this.#workers) worker.processed += this.#passed * worker.share;
    this.#passed = 0;
  }

  /** Records left, of all partitions. */
  get lag(): number {
    return this.#empty ? 0 : this.lags.reduce((sum, lag) => sum + lag, 0);
  }

  /** The age of the oldest record that is left at the end of a second, in seconds. */
  lagSeconds(second: number): number {
    if (this.#empty) {
      this.#oldest = second;
      return 0;
    }
    let most = 0;
    const { lags, shares } = this;
    for (let p = 0; p < lags.length; p++) {
      if (lags[p]! > most * shares[p]!) most = lags[p]! / shares[p]!;
    }
    const arrived = this.#arrived;
    const head = Math.max(0, arrived[second + 1]! - most);
    while (this.#oldest < second && arrived[this.#oldest + 1]! <= head) this.#oldest++;
    const from = arrived[this.#oldest]!;
    const came = arrived[this.#oldest + 1]! - from;
    return second + 1 - this.#oldest - (came > 0 ? Math.max(0, head - from) / came : 0);
  }

  /** Records a second that came in up to the end of a second, over a time. */
  arrival(second: number, overSeconds: number): number {
    const span = Math.min(overSeconds, second + 1);
    return (this.#arrived[second + 1]! - this.#arrived[second + 1 - span]!) / span;
  }

  /** What a worker's capacity does for its partitions, shared evenly among those that need it. */
  #work(worker: Worker, second: number, rate: number): number {
    const { lags, shares, restsUntil } = this;
    let wanting = 0;
    let wanted = 0;
    for (const p of worker.partitions) {
      lags[p]! += rate * shares[p]!;
      if (restsUntil[p]! > second) this.#empty = false;
      else if (lags[p]! > 0) {
        wanting++;
        wanted += lags[p]!;
      }
    }
    const done = wanted <= this.#capacity ? this.#serve(worker, second, Infinity) : 0;
    if (wanted > this.#capacity) this.#share(worker, second, wanting);
    worker.processed += Math.min(wanted, this.#capacity);
    return wanted <= this.#capacity ? done : this.#capacity;
  }

  /** Serves each partition up to a number of records. @returns What was served. */
  #serve(worker: Worker, second: number, most: number): number {
    let done = 0;
    for (const p of worker.partitions) {
      const lag = this.lags[p]!;
      if (this.restsUntil[p]! > second || lag === 0) continue;
      const served = Math.min(lag, most);
      done += served;
      this.lags[p] = lag - served < NONE ? 0 : lag - served;
    }
    return done;
  }

  /** Rounds in which each partition gets as much, until those that need less leave nothing over. */
  #share(worker: Worker, second: number, wanting: number): void {
    let left = this.#capacity;
    while (left > NONE && wanting > 0) {
      left -= this.#serve(worker, second, left / wanting);
      wanting = 0;
      for (const p of worker.partitions) if (this.restsUntil[p]! <= second && this.lags[p]! > 0) wanting++;
    }
    this.#empty = false;
  }
}

/** What comes to each partition, of 1. */
export function sharesOf(partitions: number, skew: number): Float64Array {
  const weights = Float64Array.from({ length: partitions }, (_, n) => (n + 1) ** -skew);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
