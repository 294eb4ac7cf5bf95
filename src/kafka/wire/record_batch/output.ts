/** Decompressed bytes are more than allowed. */
export class TooLarge extends Error {
  override name = "TooLarge";
  constructor(limit: number) {
    super(`more than ${limit} decompressed bytes`);
  }
}

/** Bytes that are no valid compressed data. */
export class InvalidCompression extends Error {
  override name = "InvalidCompression";
}

/**
 * HOT PATH. What a decompressor of the LZ77 family writes into: literal bytes, and repetitions of what was
 * written before.
 */
export class Output {
  #bytes: Uint8Array;
  #end = 0;
  readonly #limit: number;

  /**
   * @param size Bytes to begin with; it grows.
   * @param limit Bytes that it must not grow beyond.
   */
  constructor(size: number, limit: number) {
    this.#bytes = new Uint8Array(Math.min(size, limit));
    this.#limit = limit;
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#end;
  }

  /** What was written: a view. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /**
   * Copies `[from, to)` of the input.
   *
   * @throws {InvalidCompression} When the input is shorter.
   * @throws {TooLarge} When the output would be longer than its limit.
   */
  literal(input: Uint8Array, from: number, to: number): void {
    if (to > input.length) throw new InvalidCompression("literal bytes beyond the end");
    this.#reserve(to - from);
    const bytes = this.#bytes;
    let at = this.#end;
    if (to - from > 64) bytes.set(input.subarray(from, to), at);
    else for (let i = from; i < to; i++) bytes[at++] = input[i]!;
    this.#end += to - from;
  }

  /**
   * Repeats what begins `distance` bytes before the end.
   *
   * @throws {InvalidCompression} When that is before the start.
   * @throws {TooLarge} When the output would be longer than its limit.
   */
  repeat(distance: number, length: number): void {
    let at = this.#end;
    if (distance === 0 || distance > at) {
      throw new InvalidCompression(`a repetition from ${distance} bytes before byte ${at}`);
    }
    this.#reserve(length);
    const bytes = this.#bytes;
    this.#end += length;
    // It may overlap with what it writes, which then repeats as well: byte by byte, unless it doesn't.
    if (length > 64 && length <= distance) bytes.copyWithin(at, at - distance, at - distance + length);
    else for (const end = this.#end; at < end; at++) bytes[at] = bytes[at - distance]!;
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    if (needed > this.#limit) throw new TooLarge(this.#limit);
    const larger = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}
