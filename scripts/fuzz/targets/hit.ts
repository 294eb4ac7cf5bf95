import { assertEquals } from "@std/assert";
import type { Hit } from "../../../src/game/hit.ts";
import { DIRECTIONS, GAMES, IMPACT_TYPES, KEYS, LEVELS } from "../../../src/game/hit.ts";
import {
  decodeHit,
  decodeHitHex,
  encodeHitHex,
  hitFromBytes,
  hitFromHex,
} from "../../../src/game/hit_codec.ts";
import type { FuzzTarget } from "../target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The hit codec: what the input is as bytes, as a text of digits, and as the digits of its bytes. */
export const HIT: FuzzTarget = {
  name: "hit",
  // What is no hit is answered by `undefined`.
  refusals: [],
  seeds() {
    const hits = IMPACT_TYPES.map((impactType, i): Hit => ({
      key: KEYS[i % 2]!,
      direction: DIRECTIONS[i] ?? null,
      impactType,
      impact: impactType === "Missed" ? 0 : 50 * i,
      doubleKey: i % 3 === 0 ? null : KEYS[(i + 1) % 2]!,
      level: LEVELS[i % LEVELS.length]!,
      game: GAMES[i]!,
    }));
    const digits = hits.map(encodeHitHex);
    return [
      ...digits.map((text) => Uint8Array.fromHex(text)),
      ...digits,
      `0x${digits[0]} cafe`,
      "E3 001F 00D9_B5",
    ]
      .map((input) => typeof input === "string" ? encoder.encode(input) : input);
  },
  run(input) {
    const hex = input.toHex();
    const hit = hitFromBytes(input, 0, input.length);
    assertEquals(hitFromHex(hex), hit, "the digits of the bytes are another hit");
    assertEquals(decodeHit(input)?.hit, hit);
    if (hit !== undefined) {
      // Any byte but 00 announces a direction or a second key, so only what is written again can be compared.
      const written = encodeHitHex(hit);
      assertEquals(hitFromHex(written), hit, "what was written is another hit");
      assertEquals(2 * input.length, written.length + decodeHitHex(hex)!.rest.length);
    }
    const text = decoder.decode(input);
    const decoded = decodeHitHex(text);
    assertEquals(decoded?.hit, hitFromHex(text), "the two readers of digits differ");
  },
};
