/**
 * HOT PATH. Where the record that a task processes came from, and what goes on from it to all that is
 * derived.
 *
 * @module
 */
import { NO_HEADERS, type RecordHeaders, type RecordSet } from "../../kafka/port/record_set.ts";

/** Where a record came from: what is sent on later, on its behalf, takes it along. */
export interface RecordPlace {
  /** `undefined` for what no record led to, but a punctuator. */
  readonly topic: string | undefined;
  /** −1 where there is no topic. */
  readonly offset: number;
  readonly headers: RecordHeaders;
}

/** All of where a record came from, also as it came in. */
export interface KeptOrigin {
  readonly topic: string | undefined;
  readonly offset: number;
  readonly set: RecordSet | undefined;
  readonly index: number;
  readonly replaced: RecordHeaders | undefined;
  readonly place: RecordPlace | undefined;
}

/** The origin of the record that one task processes now; outside of a record it has no topic. */
export class RecordOrigin implements RecordPlace {
  /** The set, and the index in it, of the record that is being processed. */
  #set: RecordSet | undefined;
  #index = 0;
  #headers: RecordHeaders | undefined;
  #place: RecordPlace | undefined;

  /** The topic of the record that is being processed; `undefined` outside of one (in a punctuator). */
  get topic(): string | undefined {
    return this.#place === undefined ? this.#set?.topic : this.#place.topic;
  }

  /** The offset of the record that is being processed; −1 outside of one. */
  get offset(): number {
    if (this.#place !== undefined) return this.#place.offset;
    return this.#set === undefined ? -1 : this.#set.offsets[this.#index]!;
  }

  /** The headers of the record that is being processed: they go on to what is derived from it. */
  get headers(): RecordHeaders {
    if (this.#headers !== undefined) return this.#headers;
    return this.#set === undefined ? NO_HEADERS : this.#set.headers(this.#index);
  }

  /**
   * The input record's key as it came in; `null` without one, or outside of a record. Valid as long as its
   * set is.
   */
  get inputKey(): Uint8Array | null {
    return this.#set?.key(this.#index) ?? null;
  }

  /**
   * The input record's value as it came in; `null` for a tombstone, or outside of a record. Valid as long as
   * its set is.
   */
  get inputValue(): Uint8Array | null {
    return this.#set?.value(this.#index) ?? null;
  }

  /** The input record's headers as they came in. */
  get inputHeaders(): RecordHeaders {
    return this.#set?.headers(this.#index) ?? NO_HEADERS;
  }

  /** The input record's own timestamp, in ms since the epoch; −1 outside of one. */
  get inputTimestamp(): number {
    return this.#set === undefined ? -1 : this.#set.timestamps[this.#index]!;
  }

  /** Goes to a record of a set, or with `undefined` out of any. */
  enter(set: RecordSet | undefined, index: number): void {
    this.#set = set;
    this.#index = index;
    this.#headers = undefined;
    this.#place = undefined;
  }

  /**
   * Gives what is derived from now on other headers; `undefined` goes back to the record's own. Returns what
   * was set before.
   */
  replaceHeaders(headers: RecordHeaders | undefined): RecordHeaders | undefined {
    const before = this.#headers;
    this.#headers = headers;
    return before;
  }

  /** Where the record that is being processed came from, to {@linkcode goTo} it again later. */
  place(): RecordPlace {
    return { topic: this.topic, offset: this.offset, headers: this.headers };
  }

  /** All of where the record that is being processed came from, to {@linkcode comeBack} to it later. */
  keep(): KeptOrigin {
    const { topic, offset } = this;
    const replaced = this.#headers;
    return { topic, offset, set: this.#set, index: this.#index, replaced, place: this.#place };
  }

  /** Goes back to where another record was that was left for later. */
  comeBack({ set, index, replaced, place }: KeptOrigin): void {
    this.#set = set;
    this.#index = index;
    this.#headers = replaced;
    this.#place = place;
  }

  /** What is derived from now on comes from a place; returns what to go back to. */
  goTo(place: RecordPlace | undefined): RecordPlace | undefined {
    const before = this.#place === undefined && this.#headers === undefined ? undefined : this.place();
    this.#place = place;
    this.#headers = place?.headers;
    return before;
  }
}
