/**
 * What state stores there are, as a topology describes them: their kinds, serdes and retentions.
 *
 * @module
 */
import type { Serde } from "../../serde/serde.ts";

// deno-lint-ignore no-explicit-any -- a topology holds stores of any types side by side
type AnySerde = Serde<any>;

/** How a state store is made; part of a topology. */
export type StoreDef =
  | KeyValueStoreDef
  | JoinWindowStoreDef
  | WindowStoreDef
  | SessionStoreDef
  | SuppressStoreDef
  | OuterJoinStoreDef;

/** What a state store keeps. */
export type StoreKind = "key-value" | "join-window" | "window" | "session" | "suppress" | "outer-join";

/** What every store has. */
export interface StoreDefBase {
  readonly kind: StoreKind;
  readonly name: string;
  readonly key: AnySerde;
  readonly value: AnySerde;
  /** Whether changes go to a changelog topic, from which the store is restored. */
  readonly logged: boolean;
}

/** The latest value of each key. */
export interface KeyValueStoreDef extends StoreDefBase {
  readonly kind: "key-value";
  /** Whether a cache may be in front of it: its processor listens to the cache's flushes then. */
  readonly cacheable?: boolean;
  /** How long a key lives after its last change, in ms of stream time; `Infinity` keeps all. */
  readonly retentionMs: number;
}

/** The values of each key with their times, for one side of a stream–stream join. */
export interface JoinWindowStoreDef extends StoreDefBase {
  readonly kind: "join-window";
  /** How long an entry can be found, in ms of stream time. */
  readonly retentionMs: number;
}

/** A value for each key and window of a fixed size. */
export interface WindowStoreDef extends StoreDefBase {
  readonly kind: "window";
  /** How long a window can be found, in ms after its start, of the latest start. */
  readonly retentionMs: number;
}

/** A value for each key and session. */
export interface SessionStoreDef extends StoreDefBase {
  readonly kind: "session";
  /** How long a session can be found, in ms after its end, of the latest end. */
  readonly retentionMs: number;
}

/** The changes that a suppression holds back. */
export interface SuppressStoreDef extends StoreDefBase {
  readonly kind: "suppress";
  /** `Infinity`: a suppression keeps all until it is emitted. */
  readonly retentionMs: number;
}

/** The records of both sides of a left or outer join that have found no partner yet. */
export interface OuterJoinStoreDef extends StoreDefBase {
  readonly kind: "outer-join";
  /** The serde of the right side's values; `value` is that of the left side's. */
  readonly otherValue: AnySerde;
  /** `Infinity`: nothing goes by itself. */
  readonly retentionMs: number;
}

/** A definition whose serdes are bound to its changelog's topic: what a task makes its store of. */
export interface BoundStore {
  readonly def: StoreDef;
  readonly key: AnySerde;
  readonly value: AnySerde;
  /** The serde of the right side's values in a left or outer join; else that of the values. */
  readonly otherValue: AnySerde;
  /** The changelog topic; `undefined` for a store without. */
  readonly changelog: string | undefined;
}
