/**
 * The Avro schemas of the arcade's messages. The `.avsc` files beside this one are their only source: they
 * are imported as text, which needs no permission at run time and is embedded by `deno compile`.
 *
 * @module
 */
import frameBody from "./frame_body.avsc" with { type: "text" };
import frameHeader from "./frame_header.avsc" with { type: "text" };
import gameAction from "./game_action.avsc" with { type: "text" };
import gameSession from "./game_session.avsc" with { type: "text" };
import hit from "./hit.avsc" with { type: "text" };

/**
 * An Avro record's schema as JSON (see the [Avro
 * specification](https://avro.apache.org/docs/1.12.0/specification/#complex-types)).
 */
export interface RecordSchema {
  readonly type: "record";
  readonly name: string;
  readonly namespace: string;
  readonly doc?: string;
  readonly fields: readonly { readonly name: string; readonly type: unknown; readonly doc?: string }[];
}

/** The schema of `FrameHeader`, the key on all topics. */
export const FRAME_HEADER_SCHEMA: RecordSchema = JSON.parse(frameHeader);
/** The schema of `FrameBody`, the value of requests and responses. */
export const FRAME_BODY_SCHEMA: RecordSchema = JSON.parse(frameBody);
/** The schema of `Hit`. */
export const HIT_SCHEMA: RecordSchema = JSON.parse(hit);
/** The schema of `GameAction`. */
export const GAME_ACTION_SCHEMA: RecordSchema = JSON.parse(gameAction);
/**
 * The schema of `GameSession`, which repeats that of `Hit` so that it stands alone in a registry; a test
 * holds the two equal.
 */
export const GAME_SESSION_SCHEMA: RecordSchema = JSON.parse(gameSession);
