/**
 * Checks the sessions that came out against the frames that were generated.
 *
 * @module
 */
import { DeserializationError, EncodeBuffer, type Serde } from "../serde/serde.ts";
import type { Frame } from "../game/frame_generator.ts";
import type { FrameHeader, GameSession, Hit } from "../game/hit.ts";
import { encodeHitHex } from "../game/hit_codec.ts";
import type { RecordSet } from "../kafka/port/record_set.ts";

/** What was generated under one header. Two frames of a machine in the same millisecond share theirs. */
interface Generated {
  requests: number;
  responses: number;
  /** The requests' hits. The texts are shared, so that this costs a reference a hit. */
  readonly hits: string[];
  /** The sum of the hits' hashes: the same for the same hits in any order. */
  hash: number;
}

/** How many of the last sessions are kept to be shown. */
const LAST = 5;

/** The outcome of a check. */
export interface CheckResult {
  /** Frames generated. */
  readonly frames: number;
  /** Frames that were answered, each in time: requests and responses have the same timestamp. */
  readonly answered: number;
  /**
   * Changes of sessions that there have to be, when each is written exactly once: one a hit and pair of
   * request and response.
   */
  readonly changes: number;
  /** Changes that came out for these sessions. */
  readonly updates: number;
  /** Sessions that there have to be: one a header with a response. */
  readonly expected: number;
  /** How many sessions came out with exactly the hits generated. */
  readonly correct: number;
  /** How many sessions that were to come out did not. */
  readonly missing: number;
  /** How many sessions came out with other hits than were generated. */
  readonly wrong: number;
  /**
   * How many of the wrong sessions lack hits; the others have hits too often, as at least once allows after a
   * crash.
   */
  readonly lacking: number;
  /**
   * Sessions that came out though nothing was generated or answered for them; others' sessions in the same
   * topic are not counted.
   */
  readonly unexpected: number;
  /** The first header that is missing or wrong, with what was expected and what came. */
  readonly example: string | undefined;
}

/**
 * Keeps for each header a sum of what was generated and the last session that came out: some 200 bytes a
 * frame.
 *
 * The join is of each request with each response of the same header, so a session has the requests' hits once
 * for each response.
 */
export class SessionCheck {
  readonly #header: Serde<FrameHeader>;
  readonly #session: Serde<GameSession>;
  readonly #generated = new Map<string, Generated>();
  /** The last value of each session, and how often it changed. */
  readonly #sessions = new Map<string, { value: Uint8Array; updates: number }>();
  readonly #hashes = new Map<string, number>();
  readonly #buffer = new EncodeBuffer(256);
  #frames = 0;
  #answered = 0;
  #updates = 0;
  /** The newest last. */
  #last: { key: Uint8Array; value: Uint8Array }[] = [];

  /**
   * @param header As the sessions' keys are written: bound to their topic.
   * @param session As the sessions are written: bound to their topic.
   */
  constructor(header: Serde<FrameHeader>, session: Serde<GameSession>) {
    this.#header = header;
    this.#session = session;
  }

  /** Sessions seen so far, and changes of sessions. */
  get counts(): { readonly sessions: number; readonly updates: number } {
    return { sessions: this.#sessions.size, updates: this.#updates };
  }

  /** Notes a frame that was generated. */
  generated({ header, hits, answered }: Frame): void {
    const end = this.#buffer.encode(this.#header, header, 0);
    const key = latin1(this.#buffer.bytes, 0, end);
    let all = this.#generated.get(key);
    if (all === undefined) this.#generated.set(key, all = { requests: 0, responses: 0, hits: [], hash: 0 });
    all.requests++;
    for (const hit of hits) {
      all.hits.push(hit);
      all.hash = (all.hash + this.#hash(hit)) | 0;
    }
    this.#frames++;
    if (!answered) return;
    all.responses++;
    this.#answered++;
  }

  /** Notes changes of sessions, as they come out. */
  came(set: RecordSet): void {
    for (let i = 0; i < set.count; i++) {
      const key = set.key(i);
      const value = set.value(i);
      if (key === null || value === null) continue;
      this.#updates++;
      const copy = value.slice();
      const name = latin1(key, 0, key.length);
      const session = this.#sessions.get(name);
      if (session === undefined) this.#sessions.set(name, { value: copy, updates: 1 });
      else {
        session.value = copy;
        session.updates++;
      }
      if (i === set.count - 1) {
        this.#last = [...this.#last.slice(1 - LAST), { key: key.slice(), value: copy }];
      }
    }
  }

  /** Some of the last sessions that came, in words, the newest first. */
  lastSessions(): string[] {
    return this.#last.toReversed().map(({ key, value }) => {
      const { machine, zone } = this.#header.decode(key, 0, key.length);
      const { hits } = this.#session.decode(value, 0, value.length);
      return `${machine}@${zone} ${hits[0]?.game ?? ""} ${hits.map(describeHit).join(", ")}`;
    });
  }

  /** Compares all that was generated with all that came. */
  result(): CheckResult {
    let [changes, updates, expected, correct, missing, wrong, lacking, unexpected] = [0, 0, 0, 0, 0, 0, 0, 0];
    let example: string | undefined;
    for (const [key, { requests, responses, hits, hash }] of this.#generated) {
      const session = this.#sessions.get(key);
      if (responses === 0) {
        if (session !== undefined) unexpected++;
        continue;
      }
      expected++;
      changes += hits.length * responses;
      if (session === undefined) {
        missing++;
        example ??= `${this.#describeKey(key)} is missing`;
        continue;
      }
      updates += session.updates;
      const came = this.#hitsOf(session.value);
      const sum = came.reduce((sum, hit) => (sum + this.#hash(hit)) | 0, 0);
      if (came.length === hits.length * responses && sum === Math.imul(hash, responses)) correct++;
      else {
        wrong++;
        if (lacks(came, hits, responses)) lacking++;
        example ??=
          `${this.#describeKey(key)} has ${came.length} hits; expected ${hits.length * responses} ` +
          `(${requests} requests with ${hits.length} hits, ${responses} responses)`;
      }
    }
    return {
      frames: this.#frames,
      answered: this.#answered,
      changes,
      updates,
      expected,
      correct,
      missing,
      wrong,
      lacking,
      unexpected,
      example,
    };
  }

  /** The hits of an encoded session; none when it can't be decoded, so that it counts as wrong. */
  #hitsOf(session: Uint8Array): string[] {
    try {
      return this.#session.decode(session, 0, session.length).hits.map(encodeHitHex);
    } catch (error) {
      if (error instanceof DeserializationError) return [];
      throw error;
    }
  }

  /** FNV-1a of a hit's digits. There are few different hits, so each is hashed once. */
  #hash(hex: string): number {
    let hash = this.#hashes.get(hex);
    if (hash === undefined) {
      hash = 0x811c9dc5;
      for (let i = 0; i < hex.length; i++) hash = Math.imul(hash ^ hex.charCodeAt(i), 0x01000193);
      this.#hashes.set(hex, hash);
    }
    return hash;
  }

  #describeKey(key: string): string {
    const bytes = Uint8Array.from(key, (char) => char.charCodeAt(0));
    const { ts, machine, zone } = this.#header.decode(bytes, 0, bytes.length);
    return `the session of machine ${machine} in ${zone} at ${ts}`;
  }
}

/** Whether any of the wanted hits came fewer than `times` as often as it is wanted. */
function lacks(came: readonly string[], wanted: readonly string[], times: number): boolean {
  const left = new Map<string, number>();
  for (const hit of came) left.set(hit, (left.get(hit) ?? 0) + 1);
  for (const hit of wanted) left.set(hit, (left.get(hit) ?? 0) - times);
  return [...left.values()].some((count) => count < 0);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function describeHit({ key, direction, impactType, impact }: Hit): string {
  return `${key}${direction === null ? "" : ` ${direction.toLowerCase()}`} ${impactType}${
    impactType === "Missed" ? "" : ` ${impact}`
  }`;
}
