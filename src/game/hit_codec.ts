/**
 * HOT PATH. The hit codec: a hit as 6 to 9 bytes, and those bytes as hexadecimal digits.
 *
 * | field | bytes |
 * |---|---|
 * | key | `E3` = X, `C3` = O |
 * | direction | `00` = none; or `FF`, then `8A` up, `8C` down, `8D` left, `8E` right |
 * | impact | `72` fatal, `4F` critical, `A2` special, `B1` direct, then the violence (0 to 255); `1F` missed,
 * alone |
 * | double key | `00` = none; or `FF`, then a key |
 * | level | `F9` Pro, `E9` Inter, `D9` NewBie |
 * | game | `A5` Neowave, `B5` NeoBlood, `C5` HowlingBlood, `D5` MaximumImpact, `E5` HeatofBattleFromParadise
 * |
 *
 * Reading takes any byte but `00` for `FF`. What can't be read gives `undefined`, never an exception.
 *
 * @module
 */
import type { Direction, Game, Hit, ImpactType, Key, Level } from "./hit.ts";
import { bareHex, DIGIT_CODES, NIBBLES } from "./hex.ts";

/** The bytes of the longest hit; the shortest has {@linkcode MIN_HIT_BYTES}. */
export const MAX_HIT_BYTES = 9;
/** The bytes of the shortest hit: no direction, missed, no double key. */
export const MIN_HIT_BYTES = 6;

// Maps, as an object's property by a name that varies takes twice as long.
const KEY_BYTE = new Map<Key, number>([["X", 0xe3], ["O", 0xc3]]);
const DIRECTION_BYTE = new Map<Direction, number>([["UP", 0x8a], ["DOWN", 0x8c], ["LEFT", 0x8d], [
  "RIGHT",
  0x8e,
]]);
const IMPACT_BYTE = new Map<ImpactType, number>([
  ["Fatal", 0x72],
  ["Critical", 0x4f],
  ["Special", 0xa2],
  ["Direct", 0xb1],
  ["Missed", 0x1f],
]);
const LEVEL_BYTE = new Map<Level, number>([["Pro", 0xf9], ["Inter", 0xe9], ["NewBie", 0xd9]]);
const GAME_BYTE = new Map<Game, number>([
  ["Neowave", 0xa5],
  ["NeoBlood", 0xb5],
  ["HowlingBlood", 0xc5],
  ["MaximumImpact", 0xd5],
  ["HeatofBattleFromParadise", 0xe5],
]);
const ABSENT = 0x00;
const PRESENT = 0xff;

const KEY_OF = byByte(KEY_BYTE);
const DIRECTION_OF = byByte(DIRECTION_BYTE);
const IMPACT_OF = byByte(IMPACT_BYTE);
const LEVEL_OF = byByte(LEVEL_BYTE);
const GAME_OF = byByte(GAME_BYTE);

/** A table from each of the 256 bytes to its symbol, `null` where it has none. */
function byByte<S extends string>(bytes: ReadonlyMap<S, number>): (S | null)[] {
  const table: (S | null)[] = new Array(256).fill(null);
  for (const [symbol, byte] of bytes) table[byte] = symbol;
  return table;
}

/**
 * Writes a hit's bytes into `into`, beginning at index `at`.
 *
 * @returns The index after the last byte; or, when they do not fit, minus the number of bytes that are
 * missing.
 * @throws {TypeError} When a field is not of its type, the violence is not 0 to 255, or a miss has violence.
 *
 * @example
 * ```ts
 * import type { Hit } from "./hit.ts";
 * import { encodeHit, MAX_HIT_BYTES } from "./hit_codec.ts";
 *
 * const bytes = new Uint8Array(MAX_HIT_BYTES);
 * const hit: Hit = {
 *   key: "O",
 *   direction: null,
 *   impactType: "Critical",
 *   impact: 42,
 *   doubleKey: null,
 *   level: "NewBie",
 *   game: "Neowave",
 * };
 * const end = encodeHit(hit, bytes, 0);
 * console.log(bytes.subarray(0, end)); // c3 00 4f 2a 00 d9 a5
 * ```
 */
export function encodeHit(hit: Hit, into: Uint8Array, at: number): number {
  const { direction, impactType, impact, doubleKey } = hit;
  const missed = impactType === "Missed";
  const keyByte = KEY_BYTE.get(hit.key);
  const directionByte = direction === null ? ABSENT : DIRECTION_BYTE.get(direction);
  const impactByte = IMPACT_BYTE.get(impactType);
  const doubleKeyByte = doubleKey === null ? ABSENT : KEY_BYTE.get(doubleKey);
  const levelByte = LEVEL_BYTE.get(hit.level);
  const gameByte = GAME_BYTE.get(hit.game);
  if (
    keyByte === undefined || directionByte === undefined || impactByte === undefined ||
    doubleKeyByte === undefined || levelByte === undefined || gameByte === undefined ||
    impact !== (impact & 0xff) || (missed && impact !== 0)
  ) throw notEncodable(hit);
  const end = at + hitLength(hit);
  if (end > into.length) return into.length - end;
  let to = at;
  into[to++] = keyByte;
  if (direction !== null) into[to++] = PRESENT;
  into[to++] = directionByte;
  into[to++] = impactByte;
  if (!missed) into[to++] = impact;
  if (doubleKey !== null) into[to++] = PRESENT;
  into[to++] = doubleKeyByte;
  into[to++] = levelByte;
  into[to++] = gameByte;
  return to;
}

/**
 * A hit as lower-case hexadecimal digits.
 *
 * @throws {TypeError} As {@linkcode encodeHit}.
 *
 * @example
 * ```ts
 * import { encodeHitHex } from "./hit_codec.ts";
 *
 * console.log(encodeHitHex({
 *   key: "O",
 *   direction: null,
 *   impactType: "Critical",
 *   impact: 42,
 *   doubleKey: null,
 *   level: "NewBie",
 *   game: "Neowave",
 * })); // c3004f2a00d9a5
 * ```
 */
export function encodeHitHex(hit: Hit): string {
  const end = encodeHit(hit, scratch, 0);
  const codes = CODES[end]!;
  for (let i = 0; i < end; i++) {
    const byte = scratch[i]!;
    codes[2 * i] = DIGIT_CODES[byte >> 4]!;
    codes[2 * i + 1] = DIGIT_CODES[byte & 15]!;
  }
  // In one call: adding piece to piece makes a rope, which whoever reads its characters pays for.
  return String.fromCharCode.apply(null, codes);
}

const scratch = new Uint8Array(MAX_HIT_BYTES);
/** For each number of bytes, room for the character codes of its digits. */
const CODES: readonly number[][] = Array.from(
  { length: MAX_HIT_BYTES + 1 },
  (_, bytes) => new Array(2 * bytes).fill(0),
);

/** Off the hot path: finds the field that is wrong. */
function notEncodable(hit: Hit): TypeError {
  const fields: [keyof Hit, ReadonlyMap<unknown, number>, boolean][] = [
    ["key", KEY_BYTE, false],
    ["direction", DIRECTION_BYTE, true],
    ["impactType", IMPACT_BYTE, false],
    ["doubleKey", KEY_BYTE, true],
    ["level", LEVEL_BYTE, false],
    ["game", GAME_BYTE, false],
  ];
  for (const [name, bytes, nullable] of fields) {
    const value = hit[name];
    if ((nullable && value === null) || bytes.has(value)) continue;
    const allowed = [...bytes.keys()].join(", ") + (nullable ? " or null" : "");
    return new TypeError(
      `Cannot encode a hit: received ${name} ${JSON.stringify(value)}; allowed are ${allowed}`,
    );
  }
  const allowed = hit.impactType === "Missed" ? "0, as it was missed" : "a whole number from 0 to 255";
  return new TypeError(`Cannot encode a hit: received impact ${hit.impact}; allowed is ${allowed}`);
}

/** A hit and what followed it. */
export interface DecodedHit<Rest> {
  readonly hit: Hit;
  readonly rest: Rest;
}

/**
 * The hit at the beginning of `bytes[from, to)` and a view of the bytes left over; `undefined` when there is
 * none.
 */
export function decodeHit(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
): DecodedHit<Uint8Array> | undefined {
  const hit = hitFromBytes(bytes, from, to);
  return hit && { hit, rest: bytes.subarray(from + hitLength(hit), Math.min(to, bytes.length)) };
}

/** How many bytes a hit takes, 6 to 9. */
export function hitLength(hit: Hit): number {
  return MIN_HIT_BYTES + (hit.direction === null ? 0 : 1) + (hit.impactType === "Missed" ? 0 : 1) +
    (hit.doubleKey === null ? 0 : 1);
}

/**
 * The hit at the beginning of `bytes[from, to)`, whatever follows it; `undefined` when there is none.
 * Allocates only the hit.
 */
export function hitFromBytes(bytes: Uint8Array, from: number, to: number): Hit | undefined {
  const last = to < bytes.length ? to : bytes.length;
  let need = from + MIN_HIT_BYTES;
  if (!(from >= 0) || need > last) return undefined;
  let at = from;
  const key = KEY_OF[bytes[at++]!]!;
  if (key === null) return undefined;
  let direction: Direction | null = null;
  if (bytes[at++] !== ABSENT) {
    need++;
    direction = DIRECTION_OF[bytes[at++]!]!;
    if (direction === null) return undefined;
  }
  const impactType = IMPACT_OF[bytes[at++]!]!;
  if (impactType === null) return undefined;
  let impact = 0;
  if (impactType !== "Missed") {
    if (++need > last) return undefined;
    impact = bytes[at++]!;
  }
  let doubleKey: Key | null = null;
  if (bytes[at++] !== ABSENT) {
    if (++need > last) return undefined;
    doubleKey = KEY_OF[bytes[at++]!]!;
    if (doubleKey === null) return undefined;
  }
  if (need > last) return undefined;
  const level = LEVEL_OF[bytes[at++]!]!;
  const game = GAME_OF[bytes[at]!]!;
  if (level === null || game === null) return undefined;
  return { impact, key, doubleKey, direction, impactType, level, game };
}

/**
 * The hit at the beginning of hexadecimal digits and the digits left over, in lower case; `undefined` when
 * there is none. Lenient as {@linkcode hitFromHex}.
 *
 * @example
 * ```ts
 * import { decodeHitHex } from "./hit_codec.ts";
 *
 * const decoded = decodeHitHex("E3 001F 00D9B5 cafe");
 * console.log(decoded?.hit.impactType, decoded?.rest); // Missed cafe
 * ```
 */
export function decodeHitHex(hex: string): DecodedHit<string> | undefined {
  const bare = bareHex(hex);
  const hit = bare === undefined ? undefined : hitFromBareHex(bare);
  return hit ? { hit, rest: bare!.slice(2 * hitLength(hit)) } : undefined;
}

/**
 * The hit at the beginning of hexadecimal digits, whatever bytes follow it; `undefined` when there is none.
 * Allocates only the hit, unless there is something to skip: `0x` at the beginning, white space and
 * underscores anywhere.
 */
export function hitFromHex(hex: string): Hit | undefined {
  const hit = hitFromBareHex(hex);
  if (hit !== null) return hit;
  const bare = bareHex(hex);
  return bare === undefined ? undefined : hitFromBareHex(bare) ?? undefined;
}

/**
 * As {@linkcode hitFromHex} of digits alone; `null` when there is anything but digits, an odd number of them
 * or too few: then the hexadecimal text has to be looked at closely. A nibble that is no digit makes a byte
 * greater than 255.
 */
function hitFromBareHex(hex: string): Hit | undefined | null {
  const length = hex.length;
  let need = 2 * MIN_HIT_BYTES;
  if (length < need || (length & 1) !== 0) return null;
  let byte = NIBBLES[hex.charCodeAt(0)]! << 4 | NIBBLES[hex.charCodeAt(1)]!;
  if (byte > 255) return null;
  const key = KEY_OF[byte]!;
  if (key === null) return remainderOf(hex, 2);
  let at = 4;
  let direction: Direction | null = null;
  byte = NIBBLES[hex.charCodeAt(2)]! << 4 | NIBBLES[hex.charCodeAt(3)]!;
  if (byte !== ABSENT) {
    if (byte > 255) return null;
    need += 2;
    byte = NIBBLES[hex.charCodeAt(4)]! << 4 | NIBBLES[hex.charCodeAt(5)]!;
    if (byte > 255) return null;
    direction = DIRECTION_OF[byte]!;
    if (direction === null) return remainderOf(hex, 6);
    at = 6;
  }
  byte = NIBBLES[hex.charCodeAt(at)]! << 4 | NIBBLES[hex.charCodeAt(at + 1)]!;
  at += 2;
  if (byte > 255) return null;
  const impactType = IMPACT_OF[byte]!;
  if (impactType === null) return remainderOf(hex, at);
  let impact = 0;
  if (impactType !== "Missed") {
    need += 2;
    if (need > length) return null;
    impact = NIBBLES[hex.charCodeAt(at)]! << 4 | NIBBLES[hex.charCodeAt(at + 1)]!;
    if (impact > 255) return null;
    at += 2;
  }
  let doubleKey: Key | null = null;
  byte = NIBBLES[hex.charCodeAt(at)]! << 4 | NIBBLES[hex.charCodeAt(at + 1)]!;
  at += 2;
  if (byte !== ABSENT) {
    if (byte > 255) return null;
    need += 2;
    if (need > length) return null;
    byte = NIBBLES[hex.charCodeAt(at)]! << 4 | NIBBLES[hex.charCodeAt(at + 1)]!;
    if (byte > 255) return null;
    doubleKey = KEY_OF[byte]!;
    at += 2;
    if (doubleKey === null) return remainderOf(hex, at);
  }
  if (need > length) return null;
  byte = NIBBLES[hex.charCodeAt(at)]! << 4 | NIBBLES[hex.charCodeAt(at + 1)]!;
  if (byte > 255) return null;
  const level = LEVEL_OF[byte]!;
  byte = NIBBLES[hex.charCodeAt(at + 2)]! << 4 | NIBBLES[hex.charCodeAt(at + 3)]!;
  if (byte > 255) return null;
  const game = GAME_OF[byte]!;
  at += 4;
  if (at < length && remainderOf(hex, at) === null) return null;
  if (level === null || game === null) return undefined;
  return { impact, key, doubleKey, direction, impactType, level, game };
}

/** `undefined` when there are only digits from `at` on, else `null`. */
function remainderOf(hex: string, at: number): undefined | null {
  for (let i = at; i < hex.length; i++) {
    if (NIBBLES[hex.charCodeAt(i)]! > 15) return null;
  }
  return undefined;
}
