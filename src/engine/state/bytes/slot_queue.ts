/** HOT PATH. A first-in, first-out queue of (integer, timestamp) pairs in a growing ring. */
export class SlotQueue {
  #ids = new Int32Array(16);
  #timestamps = new Float64Array(16);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes that the ring takes. */
  get tableBytes(): number {
    return this.#ids.byteLength + this.#timestamps.byteLength;
  }

  /** The timestamp of the pair that {@linkcode shift} takes next. */
  get headTimestamp(): number {
    return this.#timestamps[this.#head]!;
  }

  push(id: number, timestamp: number): void {
    const { length } = this.#ids;
    if (this.#size === length) this.#grow();
    const at = (this.#head + this.#size++) & (this.#ids.length - 1);
    this.#ids[at] = id;
    this.#timestamps[at] = timestamp;
  }

  /** Takes the oldest pair out and returns its integer. */
  shift(): number {
    const id = this.#ids[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ids.length - 1);
    this.#size--;
    return id;
  }

  #grow(): void {
    const { length } = this.#ids;
    const ids = new Int32Array(length * 2);
    const timestamps = new Float64Array(length * 2);
    const tail = length - this.#head;
    ids.set(this.#ids.subarray(this.#head));
    ids.set(this.#ids.subarray(0, this.#head), tail);
    timestamps.set(this.#timestamps.subarray(this.#head));
    timestamps.set(this.#timestamps.subarray(0, this.#head), tail);
    [this.#ids, this.#timestamps, this.#head] = [ids, timestamps, 0];
  }
}
