/**
 * Makes cases at random: out of order, late, at the edges of windows, at equal times, twice, without key or value.
 *
 * @module
 */
import type { Case, Event, RecordEvent } from "./case.ts";
import { NULL_FIELD, textField } from "./fields.ts";

/** What the generator has to know of a topology. */
export interface CaseProfile {
  readonly topics: readonly string[];
  /** Topics whose records are changes of a table: more of them have no value. */
  readonly tables?: readonly string[];
  /** The times that decide something in the topology, such as windows and graces, in ms. */
  readonly spansMs: readonly number[];
  /** Where Kafka Streams keeps its state; `rocksdb` where the results differ with it, as that is its default. Default `memory`. */
  readonly stores?: Case["stores"];
  /** Whether there are records without a value. Default true. */
  readonly nullValues?: boolean;
  /** Whether the machine's clock matters. */
  readonly wallClock?: boolean;
}

/** Numbers from 0 to 1, decided by the seed and what it is for (mulberry32, seeded by FNV-1a). */
export function randomOf(...seed: (string | number)[]): () => number {
  let state = 0x811c9dc5;
  for (const char of seed.join("/")) state = Math.imul(state ^ char.codePointAt(0)!, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes the case of a number: the same for the same arguments. */
export function generateCase(topology: string, profile: CaseProfile, seed: number, number: number): Case {
  const random = randomOf(seed, topology, number);
  const wallClockMs = random() < 0.5 ? 0 : Math.floor(random() * 1_000_000);
  return {
    topology,
    wallClockMs,
    stores: profile.stores ?? "memory",
    events: new Generator(profile, random).events(),
  };
}

class Generator {
  readonly #profile: CaseProfile;
  readonly #random: () => number;
  readonly #keys: readonly string[];
  readonly #events: Event[] = [];
  readonly #records: RecordEvent[] = [];
  /** The latest time so far, and the time of the last record. */
  #now: number;
  #last: number;

  constructor(profile: CaseProfile, random: () => number) {
    this.#profile = profile;
    this.#random = random;
    this.#keys = ["a", "b", "c", "ab", "", "é"].slice(0, 1 + this.#below(random() < 0.8 ? 3 : 6));
    // Times near 0 are special: a window has no part before it.
    this.#now = this.#pick([
      0,
      this.#below(50),
      this.#below(1000),
      1_600_000_000_000 + this.#below(1_000_000),
    ]);
    this.#last = this.#now;
  }

  events(): Event[] {
    const count = 3 + this.#below(this.#random() < 0.7 ? 25 : 80);
    while (this.#events.length < count) {
      if (this.#profile.wallClock && this.#random() < 0.1) {
        this.#events.push({
          kind: "advance",
          ms: 1 + this.#below(this.#random() < 0.5 ? 2000 : 2 * Math.max(20, ...this.#profile.spansMs)),
        });
        continue;
      }
      const again = this.#records.length > 0 && this.#random() < 0.05;
      const event = again ? this.#pick(this.#records) : this.#record();
      this.#records.push(event);
      this.#events.push(event);
    }
    return this.#events;
  }

  #record(): RecordEvent {
    const { topics, tables = [], nullValues = true } = this.#profile;
    const topic = this.#pick(topics);
    const nullShare = !nullValues ? 0 : tables.includes(topic) ? 0.2 : 0.06;
    const timestamp = this.#time();
    this.#last = timestamp;
    if (timestamp > this.#now) this.#now = timestamp;
    return {
      kind: "record",
      topic,
      timestamp,
      key: this.#random() < 0.04 ? NULL_FIELD : textField(this.#pick(this.#keys)),
      value: this.#random() < nullShare ? NULL_FIELD : textField(this.#value()),
      headers: this.#random() < 0.2 ? this.#headers() : [],
    };
  }

  #time(): number {
    const chance = this.#random();
    const spans = this.#profile.spansMs;
    const span = spans.length > 0 ? this.#pick(spans) : 10;
    const all = spans.reduce((sum, each) => sum + each, 0) || 10;
    const near = this.#below(3) - 1;
    let time: number;
    if (chance < 0.2) time = this.#last;
    else if (chance < 0.45) time = this.#now + 1 + this.#below(4);
    else if (chance < 0.6) time = this.#now + span + near;
    else if (chance < 0.63) time = this.#now + all + this.#below(2 * all);
    else if (chance < 0.8) time = this.#now - span + near;
    else if (chance < 0.88) time = this.#now - this.#below(2 * span);
    else if (chance < 0.94) time = Math.floor(this.#now / span) * span + near;
    else time = this.#now - this.#below(2 * all);
    return Math.max(0, time);
  }

  #value(): string {
    const word = (): string => "abcde"[this.#below(5)]! + this.#below(20);
    const chance = this.#random();
    if (chance < 0.02) return "";
    if (chance < 0.04) return "日本 é";
    if (chance < 0.15) return `${word()} ${word()}`;
    if (chance < 0.2) return `${word()} ${word()} ${word()}`;
    return word();
  }

  #headers(): string[] {
    const headers = [`h=${textField(`v${this.#below(10)}`)}`];
    if (this.#random() < 0.3) headers.push(`other=${NULL_FIELD}`);
    return headers;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }
}
