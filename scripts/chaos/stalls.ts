/** The longest time without output, over the partitions of a topic. Output that never comes is not a stall but a loss. */
export class Stalls {
  readonly #last: number[];
  #longest = 0;

  /** @param partitions How many there are. @param now The time in ms, from when on output is waited for. */
  constructor(partitions: number, now: number) {
    this.#last = new Array(partitions).fill(now);
  }

  /** Notes output of a partition. */
  came(partition: number, now: number): void {
    this.#longest = Math.max(this.#longest, now - this.#last[partition]!);
    this.#last[partition] = now;
  }

  /** In ms. */
  get longest(): number {
    return this.#longest;
  }
}
