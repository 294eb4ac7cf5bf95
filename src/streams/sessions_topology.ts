/**
 * The topology of the arcade: requests that were answered in time become sessions of hits.
 *
 * @module
 */
import { avroSerde, type SchemaRegistry, type Serde } from "../serde/mod.ts";
import { DEFAULT_RETENTION_MS, JoinWindows, StreamsBuilder, type Topology } from "../engine/mod.ts";
import type { FrameBody, FrameHeader, Hit } from "../game/hit.ts";
import { hitFromHex } from "../game/hit_codec.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../game/topics.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA, GAME_SESSION_SCHEMA, HIT_SCHEMA } from "../game/schemas.ts";

/** How far apart a request and its response may be, in ms. */
export const JOIN_DIFFERENCE_MS = 3_000;
/**
 * The default grace of the join, in ms. The original's default was 24 hours, which would keep a day of frames
 * in memory.
 */
export const DEFAULT_GRACE_MS = 30_000;

/** Settings of {@linkcode sessionsTopology}. */
export interface SessionsOptions {
  /** How late a frame may come, in ms of stream time. Default {@linkcode DEFAULT_GRACE_MS}. */
  readonly graceMs?: number;
  /** How long a session is kept after its last hit, in ms of stream time. Default one hour. */
  readonly retentionMs?: number;
  /** The registry of the schemas. Default: none, and records carry their schema's fingerprint. */
  readonly registry?: SchemaRegistry | undefined;
  /** Told of each hit that could not be decoded and is dropped. */
  readonly onUndecodableHit?: (hex: string) => void;
}

/** A `GameSession` that is being filled. */
export interface Session {
  readonly hits: Hit[];
}

/** The serdes of the arcade's messages. */
export interface ArcadeSerdes {
  readonly header: Serde<FrameHeader>;
  readonly body: Serde<FrameBody>;
  readonly hit: Serde<Hit>;
  readonly session: Serde<Session>;
}

/** Makes the serdes: with a registry in its format, without one in the single-object encoding. */
export function arcadeSerdes(registry: SchemaRegistry | undefined): ArcadeSerdes {
  return {
    header: avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry }),
    body: avroSerde<FrameBody>(FRAME_BODY_SCHEMA, { registry }),
    hit: avroSerde<Hit>(HIT_SCHEMA, { registry }),
    session: avroSerde<Session>(GAME_SESSION_SCHEMA, { registry }),
  };
}

/** Builds the topology. */
export function sessionsTopology(options: SessionsOptions = {}): Topology {
  const { graceMs = DEFAULT_GRACE_MS, retentionMs = DEFAULT_RETENTION_MS, registry, onUndecodableHit } =
    options;
  const { header, body, hit, session } = arcadeSerdes(registry);
  const decodeHits = ({ bytes }: FrameBody): Hit[] => {
    const hits: Hit[] = [];
    for (const hex of bytes) {
      const decoded = hitFromHex(hex);
      if (decoded === undefined) onUndecodableHit?.(hex);
      else hits.push(decoded);
    }
    return hits;
  };
  const builder = new StreamsBuilder();
  const requests = builder.stream(REQUESTS_TOPIC, { key: header, value: body });
  const responses = builder.stream(RESPONSES_TOPIC, { key: header, value: body });
  requests
    .join(
      responses,
      (request) => request,
      JoinWindows.ofTimeDifferenceAndGrace(JOIN_DIFFERENCE_MS, graceMs),
      {
        key: header,
        value: body,
        otherValue: body,
      },
    )
    .flatMapValues(decodeHits)
    .groupByKey({ key: header, value: hit })
    .aggregate<Session>(() => ({ hits: [] }), (_header, hit, session) => {
      session.hits.push(hit);
      return session;
    }, { value: session, retentionMs })
    .toStream()
    .to(SESSIONS_TOPIC, { key: header, value: session });
  return builder.build();
}

/** The name of the store that holds the sessions. */
export function sessionsStore(topology: Topology): string {
  const [store] = [...topology.stores.values()].filter(({ kind }) => kind === "key-value");
  return store!.name;
}
