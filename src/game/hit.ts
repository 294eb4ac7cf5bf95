/**
 * The messages of the arcade: their types have the shape that their Avro schemas give them (see
 * `schemas.ts`).
 *
 * @module
 */

/** The button that was hit. */
export type Key = "X" | "O";
/** Where the stick pointed. */
export type Direction = "UP" | "DOWN" | "RIGHT" | "LEFT";
/** How a hit landed. */
export type ImpactType = "Fatal" | "Critical" | "Special" | "Direct" | "Missed";
/** How good the player is. */
export type Level = "Pro" | "Inter" | "NewBie";
/** The game that a machine runs. */
export type Game = "Neowave" | "NeoBlood" | "HowlingBlood" | "MaximumImpact" | "HeatofBattleFromParadise";
/** Where a machine stands. */
export type Zone = "EU" | "US" | "ZG" | "AU";

/** All keys, in the order of the Avro enum's symbols, which is part of the format. */
export const KEYS: readonly Key[] = ["X", "O"];
/** All directions, in the order of the Avro enum's symbols, which is part of the format. */
export const DIRECTIONS: readonly Direction[] = ["UP", "DOWN", "RIGHT", "LEFT"];
/** All impacts, in the order of the Avro enum's symbols, which is part of the format. */
export const IMPACT_TYPES: readonly ImpactType[] = ["Fatal", "Critical", "Special", "Direct", "Missed"];
/** All levels, in the order of the Avro enum's symbols, which is part of the format. */
export const LEVELS: readonly Level[] = ["Pro", "Inter", "NewBie"];
/** All games, in the order of the Avro enum's symbols, which is part of the format. */
export const GAMES: readonly Game[] = [
  "Neowave",
  "NeoBlood",
  "HowlingBlood",
  "MaximumImpact",
  "HeatofBattleFromParadise",
];
/** All zones, in the order of the Avro enum's symbols, which is part of the format. */
export const ZONES: readonly Zone[] = ["EU", "US", "ZG", "AU"];

/** One hit. */
export interface Hit {
  /** The violence, 0 to 255; 0 when missed. */
  readonly impact: number;
  readonly key: Key;
  readonly doubleKey: Key | null;
  readonly direction: Direction | null;
  readonly impactType: ImpactType;
  readonly level: Level;
  readonly game: Game;
}

/** The key of a frame's request and of its response. */
export interface FrameHeader {
  /** Milliseconds since the epoch. */
  readonly ts: number;
  /** The machine's id, zero-padded to six digits. */
  readonly machine: string;
  readonly zone: Zone;
}

/** The value of a frame's request and of its response. */
export interface FrameBody {
  /** `false` in a request, `true` in a response. */
  readonly approval: boolean | null;
  /** Each hit as hexadecimal digits (see `hit_codec.ts`). */
  readonly bytes: readonly string[];
}

/** An action of a game on a machine. */
export interface GameAction {
  readonly game: string;
  readonly machine: string;
}

/** The hits of one frame, decoded and in their order. */
export interface GameSession {
  readonly hits: readonly Hit[];
}
