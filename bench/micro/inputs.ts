/**
 * What the micro-benchmarks work on: the arcade's frames by a fixed seed, so that each run has the same and V8 sees as many
 * different values as in a real topic.
 *
 * @module
 */
import { avroSerde, type Serde } from "../../src/serde/mod.ts";
import type { AvroSchema } from "../../src/serde/avro/schema.ts";
import { FrameGenerator } from "../../src/game/frame_generator.ts";
import {
  DIRECTIONS,
  type FrameBody,
  type FrameHeader,
  GAMES,
  type Hit,
  IMPACT_TYPES,
  KEYS,
  LEVELS,
} from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import { Random } from "../../src/game/random.ts";
import {
  FRAME_BODY_SCHEMA,
  FRAME_HEADER_SCHEMA,
  GAME_ACTION_SCHEMA,
  GAME_SESSION_SCHEMA,
  HIT_SCHEMA,
} from "../../src/game/schemas.ts";
import { arcadeSerdes, type Session } from "../../src/streams/sessions_topology.ts";

/** How many inputs a benchmark has in one iteration; its name says so. */
export const COUNT = 1000;
/** When the first frame happens, in ms since the epoch; each comes a millisecond after the one before. */
export const BEGIN_MS = 1_700_000_000_000;

const generator = new FrameGenerator({ seed: 1 });
const frames = Array.from({ length: COUNT }, (_, i) => generator.next(BEGIN_MS + i));

/** The keys of {@linkcode COUNT} frames. */
export const headers: readonly FrameHeader[] = frames.map(({ header }) => header);
/** Their values as requests. */
export const bodies: readonly FrameBody[] = frames.map(({ hits }) => ({ approval: false, bytes: hits }));
/** As many actions. */
export const actions: readonly { readonly game: string; readonly machine: string }[] = frames.map((
  { header },
  i,
) => ({
  game: GAMES[i % GAMES.length]!,
  machine: header.machine,
}));
/**
 * A hit as an object that is made here. V8 notes for each place that makes objects whether they live long, and makes those of such
 * places where long-lived ones are, at more cost: the codec's must not be such a place only because the inputs are kept.
 */
function kept({ impact, key, doubleKey, direction, impactType, level, game }: Hit): Hit {
  return { impact, key, doubleKey, direction, impactType, level, game };
}

/** {@linkcode COUNT} hits as they are generated: always with a direction, never with a double key. */
export const generatedHits: readonly Hit[] = frames.flatMap(({ hits }) => hits).slice(0, COUNT)
  .map((hex) => kept(hitFromHex(hex)!));
/** The sessions of the frames. */
export const sessions: readonly Session[] = frames.map(({ hits }) => ({
  hits: hits.map((hex) => kept(hitFromHex(hex)!)),
}));

const random = Random.ofSeed(2);
const one = <T>(values: readonly T[]): T => values[random.below(values.length)]!;
/** {@linkcode COUNT} hits of all kinds alike, thus of all lengths: branches are hardest to predict. */
export const anyHits: readonly Hit[] = Array.from({ length: COUNT }, () => {
  const impactType = one(IMPACT_TYPES);
  return {
    impact: impactType === "Missed" ? 0 : random.below(256),
    key: one(KEYS),
    doubleKey: one([null, ...KEYS]),
    direction: one([null, ...DIRECTIONS]),
    impactType,
    level: one(LEVELS),
    game: one(GAMES),
  };
});

/** Values one after the other in one buffer, value `i` in `[ends[i - 1], ends[i])`. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** Encodes all values into one buffer. */
export function encodeAll<T>(serde: Serde<T>, values: readonly T[]): Encoded {
  const bytes = new Uint8Array(values.length * 256);
  const ends: number[] = [];
  let at = 0;
  for (const value of values) {
    at = serde.encode(value, bytes, at);
    if (at < 0) throw new Error("Cannot prepare a benchmark: received values of more than 256 bytes each");
    ends.push(at);
  }
  return { bytes: bytes.slice(0, at), ends };
}

/** A type of message with its serde and some values. */
export interface MessageType<T> {
  readonly name: string;
  readonly schema: AvroSchema;
  readonly serde: Serde<T>;
  readonly values: readonly T[];
}

const serdes = arcadeSerdes(undefined);
const type = <T>(
  name: string,
  schema: AvroSchema,
  serde: Serde<T>,
  values: readonly T[],
): MessageType<unknown> => ({ name, schema, serde: serde as Serde<unknown>, values });

/** The messages of the arcade. */
export const messageTypes: readonly MessageType<unknown>[] = [
  type("FrameHeader", FRAME_HEADER_SCHEMA, serdes.header, headers),
  type("FrameBody", FRAME_BODY_SCHEMA, serdes.body, bodies),
  type("Hit", HIT_SCHEMA, serdes.hit, generatedHits),
  type("GameSession", GAME_SESSION_SCHEMA, serdes.session, sessions),
  type("GameAction", GAME_ACTION_SCHEMA, avroSerde<(typeof actions)[number]>(GAME_ACTION_SCHEMA), actions),
];

/** The frames' keys and values as they are on a topic. */
export const encodedHeaders: Encoded = encodeAll(serdes.header, headers);
/** See {@linkcode encodedHeaders}. */
export const encodedBodies: Encoded = encodeAll(serdes.body, bodies);
/** The sessions as they are in a store. */
export const encodedSessions: Encoded = encodeAll(serdes.session, sessions);
