/** A range of offsets, without `to`. */
interface Range {
  readonly from: number;
  to: number;
}

/** What one partition knows of transactions. */
export class PartitionTransactions {
  /** The offsets of open transactions, in the order in which these wrote here first. */
  readonly #open = new Map<unknown, Range[]>();
  /** Offsets of aborted transactions, in order and apart from each other. */
  readonly #aborted: Range[] = [];

  /** The first offset that belongs to an open transaction. */
  get firstOpen(): number | undefined {
    for (const ranges of this.#open.values()) return ranges[0]!.from;
    return undefined;
  }

  append(transaction: unknown, offset: number): void {
    const ranges = this.#open.get(transaction);
    if (ranges === undefined) {
      this.#open.set(transaction, [{ from: offset, to: offset + 1 }]);
      return;
    }
    const last = ranges[ranges.length - 1]!;
    if (last.to === offset) last.to++;
    else ranges.push({ from: offset, to: offset + 1 });
  }

  /** Whether it had written here. */
  end(transaction: unknown, commit: boolean): boolean {
    const ranges = this.#open.get(transaction);
    if (ranges === undefined) return false;
    this.#open.delete(transaction);
    if (!commit) {
      this.#aborted.push(...ranges);
      this.#aborted.sort((a, b) => a.from - b.from);
    }
    return true;
  }

  /** `offset`, or the first one after it that is not of an aborted transaction. */
  afterAborted(offset: number): number {
    for (let i = this.#firstAfter(offset); i < this.#aborted.length; i++) {
      const { from, to } = this.#aborted[i]!;
      if (from > offset) break;
      offset = to;
    }
    return offset;
  }

  /** The first offset after `offset` that is of an aborted transaction; `Infinity` for none. */
  nextAborted(offset: number): number {
    return this.#aborted[this.#firstAfter(offset)]?.from ?? Infinity;
  }

  forgetBefore(start: number): void {
    this.#aborted.splice(0, this.#firstAfter(start));
  }

  /** The index of the first aborted range that ends after `offset`. */
  #firstAfter(offset: number): number {
    let low = 0;
    let high = this.#aborted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#aborted[middle]!.to <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
