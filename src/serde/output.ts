/**
 * HOT PATH. Writes Avro's [binary
 * encoding](https://avro.apache.org/docs/1.12.0/specification/#binary-encoding). Past the end of the buffer
 * it only counts, so that what is missing is known.
 *
 * @module
 */

/** A position in a buffer. One serves many buffers. */
export class Output {
  #bytes: Uint8Array = new Uint8Array(0);
  /** A view of the bytes, made when it is first needed. */
  #view: DataView | undefined;
  #at = 0;

  /** Goes to index `at` of `bytes`. */
  reset(bytes: Uint8Array, at: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = undefined;
    }
    this.#at = at;
  }

  /** The index after the last byte; or, when they did not fit, minus the number of bytes that are missing. */
  get end(): number {
    return this.#at <= this.#bytes.length ? this.#at : this.#bytes.length - this.#at;
  }

  boolean(value: boolean): void {
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  /** A byte as it is: a small number's varint, made beforehand. */
  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  /** A whole number of up to 2^53 − 1 either way, as a zigzag varint. */
  long(value: number): void {
    if (value < 0x4000_0000 && value >= -0x4000_0000) {
      let rest = value << 1 ^ value >> 31;
      while (rest > 0x7f) {
        this.#bytes[this.#at++] = rest & 0x7f | 0x80;
        rest >>>= 7;
      }
      this.#bytes[this.#at++] = rest;
    } else {
      this.#largeLong(value);
    }
  }

  #largeLong(value: number): void {
    // Zigzag on two words of 32 bits: twice a large number is beyond what a number holds exactly.
    const sign = value < 0 ? -1 : 0;
    let low = value >>> 0;
    let high = Math.floor(value / 0x1_0000_0000) | 0;
    high = (high << 1 | low >>> 31) ^ sign;
    low = (low << 1 ^ sign) >>> 0;
    while (high !== 0 || low > 0x7f) {
      this.#bytes[this.#at++] = low & 0x7f | 0x80;
      low = (low >>> 7 | high << 25) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#at++] = low;
  }

  /** A whole number of 64 bits, as a zigzag varint. */
  bigint(value: bigint): void {
    let rest = value < 0n ? -2n * value - 1n : 2n * value;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  float(value: number): void {
    const at = this.#at;
    this.#at += 4;
    if (this.#at <= this.#bytes.length) this.#dataView().setFloat32(at, value, true);
  }

  double(value: number): void {
    const at = this.#at;
    this.#at += 8;
    if (this.#at <= this.#bytes.length) this.#dataView().setFloat64(at, value, true);
  }

  #dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return this.#view ??= new DataView(buffer, byteOffset, byteLength);
  }

  bytes(value: Uint8Array): void {
    this.long(value.length);
    this.raw(value);
  }

  /** The bytes alone, without their length. */
  raw(value: Uint8Array): void {
    const at = this.#at;
    this.#at += value.length;
    if (this.#at <= this.#bytes.length) this.#bytes.set(value, at);
  }

  string(value: string): void {
    const length = value.length;
    const start = this.#at;
    if (length <= 64) {
      this.long(length);
      const bytes = this.#bytes;
      let at = this.#at;
      for (let i = 0; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) {
          this.#at = start;
          return this.#anyString(value);
        }
        bytes[at++] = code;
      }
      this.#at = at;
    } else {
      this.#anyString(value);
    }
  }

  #anyString(value: string): void {
    const length = utf8Length(value);
    this.long(length);
    const at = this.#at;
    this.#at += length;
    if (this.#at <= this.#bytes.length) utf8.encodeInto(value, this.#bytes.subarray(at, this.#at));
  }
}

const utf8 = new TextEncoder();

/**
 * The bytes of a string in UTF-8; half of a surrogate pair counts as the replacement character that is
 * written for it.
 */
export function utf8Length(value: string): number {
  let length = value.length;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x80) continue;
    length += code < 0x800 ? 1 : 2;
    if ((code & 0xfc00) === 0xd800 && (value.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      // A pair takes four bytes: two were counted for its two units, two more were added above.
      i++;
    }
  }
  return length;
}
