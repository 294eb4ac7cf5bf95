/** Puts together the frames of Kafka's protocol (an INT32 length, and so many bytes) from the pieces in which they come. */
export class Frames {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** The frames that are complete with these bytes, each with its length in front and in a buffer of its own. */
  add(bytes: Uint8Array): Uint8Array[] {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    const frames: Uint8Array[] = [];
    for (let length = this.#next(); length !== undefined; length = this.#next()) {
      frames.push(this.#joined().slice(0, length));
      this.#pieces = [this.#joined().subarray(length)];
      this.#size -= length;
    }
    return frames;
  }

  /** The length of the frame that comes next, when all of it is there. */
  #next(): number | undefined {
    if (this.#size < 4) return undefined;
    if (this.#pieces[0]!.length < 4) this.#joined();
    const { buffer, byteOffset } = this.#pieces[0]!;
    const length = 4 + new DataView(buffer, byteOffset).getInt32(0);
    return this.#size >= length ? length : undefined;
  }

  #joined(): Uint8Array {
    if (this.#pieces.length > 1) {
      const whole = new Uint8Array(this.#size);
      let at = 0;
      for (const piece of this.#pieces) {
        whole.set(piece, at);
        at += piece.length;
      }
      this.#pieces = [whole];
    }
    return this.#pieces[0]!;
  }
}
