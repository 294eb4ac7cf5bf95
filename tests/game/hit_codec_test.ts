import { assert, assertEquals, assertThrows } from "@std/assert";
import { DIRECTIONS, GAMES, type Hit, IMPACT_TYPES, type Key, KEYS, LEVELS } from "../../src/game/hit.ts";
import {
  decodeHit,
  decodeHitHex,
  encodeHit,
  encodeHitHex,
  hitFromBytes,
  hitFromHex,
  hitLength,
  MAX_HIT_BYTES,
  MIN_HIT_BYTES,
} from "../../src/game/hit_codec.ts";
import { Random } from "../../src/game/random.ts";

const VECTORS: [string, Hit][] = [
  ["c3004f2a00d9a5", {
    impact: 42,
    key: "O",
    doubleKey: null,
    direction: null,
    impactType: "Critical",
    level: "NewBie",
    game: "Neowave",
  }],
  ["e3001f00d9b5", {
    impact: 0,
    key: "X",
    doubleKey: null,
    direction: null,
    impactType: "Missed",
    level: "NewBie",
    game: "NeoBlood",
  }],
  ["c3ff8d4f14ffc3d9b5", {
    impact: 20,
    key: "O",
    doubleKey: "O",
    direction: "LEFT",
    impactType: "Critical",
    level: "NewBie",
    game: "NeoBlood",
  }],
  ["c3ff8ab13000e9c5", {
    impact: 48,
    key: "O",
    doubleKey: null,
    direction: "UP",
    impactType: "Direct",
    level: "Inter",
    game: "HowlingBlood",
  }],
];

/** Every hit that there is but for the violence, which takes a few values. */
function* allHits(): Generator<Hit> {
  for (const key of KEYS) {
    for (const doubleKey of [null, ...KEYS] as (Key | null)[]) {
      for (const direction of [null, ...DIRECTIONS]) {
        for (const impactType of IMPACT_TYPES) {
          for (const impact of impactType === "Missed" ? [0] : [0, 1, 127, 128, 255]) {
            for (const level of LEVELS) {
              for (const game of GAMES) yield { impact, key, doubleKey, direction, impactType, level, game };
            }
          }
        }
      }
    }
  }
}

function bytesOf(hit: Hit): Uint8Array {
  const bytes = new Uint8Array(MAX_HIT_BYTES);
  return bytes.slice(0, encodeHit(hit, bytes, 0));
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

Deno.test("each vector encodes and decodes, as bytes and as hex", () => {
  for (const [hex, hit] of VECTORS) {
    assertEquals(encodeHitHex(hit), hex);
    assertEquals(bytesOf(hit), bytesOfHex(hex));
    assertEquals(decodeHitHex(hex), { hit, rest: "" });
    assertEquals(hitFromHex(hex), hit);
    assertEquals(decodeHit(bytesOfHex(hex)), { hit, rest: new Uint8Array(0) });
  }
});

Deno.test("a decoded hit has the Avro message's fields in the schema's order", () => {
  assertEquals(
    JSON.stringify(hitFromHex("c3004f2a00d9a5")),
    '{"impact":42,"key":"O","doubleKey":null,"direction":null,"impactType":"Critical","level":"NewBie","game":"Neowave"}',
  );
});

Deno.test("every hit round-trips by bytes and by hex, in any case of letters", () => {
  let count = 0;
  for (const hit of allHits()) {
    const hex = encodeHitHex(hit);
    const bytes = bytesOf(hit);
    assertEquals(bytes.length, hitLength(hit));
    const decoded = [
      hitFromHex(hex),
      hitFromHex(hex.toUpperCase()),
      hitFromBytes(bytes, 0, bytes.length),
      decodeHitHex(hex)?.hit,
    ];
    for (const each of decoded) {
      // Field by field: assertEquals on this many objects takes seconds.
      assert(each && (Object.keys(hit) as (keyof Hit)[]).every((field) => each[field] === hit[field]), hex);
    }
    count++;
  }
  assertEquals(count, 2 * 3 * 5 * (4 * 5 + 1) * 3 * 5);
});

Deno.test("bytes after a hit are left over", () => {
  assertEquals(decodeHitHex("c3004f2a00d9a5CAFE")?.rest, "cafe");
  assertEquals(hitFromHex("c3004f2a00d9a5CAFE"), VECTORS[0]![1]);
  const bytes = bytesOfHex("00c3004f2a00d9a5cafe");
  assertEquals(decodeHit(bytes, 1)?.rest, Uint8Array.of(0xca, 0xfe));
  assertEquals(decodeHit(bytes, 1, 9)?.rest, Uint8Array.of(0xca));
  assertEquals(decodeHit(bytes, 1, 100)?.rest, Uint8Array.of(0xca, 0xfe));
  assertEquals(decodeHit(bytes, 1, 7), undefined, "the range ends within the hit");
});

Deno.test("0x at the beginning, white space and underscores are skipped", () => {
  for (
    const hex of [
      "0xc3004f2a00d9a5",
      "0XC3004F2A00D9A5",
      "c3 00 4f 2a 00 d9 a5",
      "\tc3_00\n4f__2a\r\n00 d9\u2003a5 ",
      "c_3004f2a00d9a5",
      "0x_c3004f2a00d9a5",
      "c3004f2a00d9a5\u001c",
    ]
  ) {
    assertEquals(hitFromHex(hex), VECTORS[0]![1], JSON.stringify(hex));
    assertEquals(decodeHitHex(hex), { hit: VECTORS[0]![1], rest: "" }, JSON.stringify(hex));
  }
  assertEquals(decodeHitHex("c3004f2a00d9a5 ca_fe")?.rest, "cafe");
  assertEquals(hitFromHex("c3004f2a00d9a5 ca_fe"), VECTORS[0]![1]);
});

Deno.test("a presence byte other than 00 is present", () => {
  const hit = VECTORS[2]![1];
  assertEquals(hitFromHex("c3018d4f147fc3d9b5"), hit);
  assertEquals(hitFromBytes(bytesOfHex("c3018d4f147fc3d9b5"), 0, 9), hit);
  assertEquals(encodeHitHex(hitFromHex("c3018d4f147fc3d9b5")!), "c3ff8d4f14ffc3d9b5");
});

const UNDECODABLE: [string, string][] = [
  ["empty", ""],
  ["only a prefix", "0x"],
  ["only white space", " _ \n"],
  ["not hex", "hello, world"],
  ["not hex at the end", "c3004f2a00d9ag"],
  ["not hex after the hit", "c3004f2a00d9a5zz"],
  ["not hex after an unknown byte", "000000000000zz"],
  ["odd number of digits", "c3004f2a00d9a"],
  ["odd number of digits, a hit once padded on the right", "c3004f2a00d9a50"],
  ["odd number of digits among white space", "c3004f2a00d9a5 1"],
  ["a prefix that is not at the beginning", " 0xc3004f2a00d9a5"],
  ["two prefixes", "0x0xc3004f2a00d9a5"],
  ["a no-break space", "c3004f2a\u00a000d9a5"],
  ["a character whose low byte is a digit", "c3004f2a00d9a\u0135"],
  ["an emoji", "c3004f2a00d9🎮"],
  ["too short by a byte", "c3004f2a00d9"],
  ["shorter than any hit", "c3004f"],
  ["too short with a direction", "c3ff8a1f00d9"],
  ["too short for its violence", "c3ff8ab130"],
  ["too short with a double key", "c3004f2affc3d9"],
  ["unknown key", "d3004f2a00d9a5"],
  ["unknown direction", "c3ff8b4f2a00d9a5"],
  ["unknown impact", "c300002a00d9a5"],
  ["unknown double key", "c3004f2affe4d9a5"],
  ["unknown level", "c3004f2a00d8a5"],
  ["unknown game", "c3004f2a00d9a6"],
];

for (const [why, hex] of UNDECODABLE) {
  Deno.test(`undecodable: ${why}`, () => {
    assertEquals(hitFromHex(hex), undefined);
    assertEquals(decodeHitHex(hex), undefined);
    if (/^([0-9a-f]{2})*$/.test(hex)) assertEquals(decodeHit(bytesOfHex(hex)), undefined);
  });
}

Deno.test("each prefix of a hit is undecodable", () => {
  for (const [hex] of VECTORS) {
    for (let digits = 0; digits < hex.length; digits++) {
      assertEquals(decodeHitHex(hex.slice(0, digits)), undefined);
      assertEquals(decodeHit(bytesOfHex(hex), 0, digits >> 1), undefined);
    }
  }
});

Deno.test("a range outside the bytes is undecodable", () => {
  const bytes = bytesOfHex("c3004f2a00d9a5");
  for (const [from, to] of [[-1, 7], [7, 7], [8, 20], [5, 2], [NaN, 7]] as const) {
    assertEquals(
      hitFromBytes(bytes, from, to),
      undefined,
      `${from}, ${to}`,
    );
  }
});

Deno.test("random bytes never throw, and hex gives what bytes give", () => {
  const seed = 20191;
  const random = Random.ofSeed(seed);
  // Mostly bytes that mean something somewhere, so that many of them get far.
  const meaningful = bytesOfHex("e3c300ff8a8c8d8e724fa2b11ff9e9d9a5b5c5d5e5");
  let decoded = 0;
  for (let round = 0; round < 100_000; round++) {
    const bytes = new Uint8Array(random.below(12));
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = random.below(20) === 0 ? random.below(256) : meaningful[random.below(meaningful.length)]!;
    }
    if (round % 2 === 0) bytes.set(ladder(random).subarray(0, bytes.length));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const byBytes = decodeHit(bytes);
    const byHex = decodeHitHex(hex);
    const message = `seed ${seed}, round ${round}: ${hex}`;
    assert(JSON.stringify(byBytes?.hit) === JSON.stringify(byHex?.hit), message);
    assert(JSON.stringify(hitFromHex(hex)) === JSON.stringify(byHex?.hit), message);
    if (!byBytes) continue;
    decoded++;
    assert(byBytes.rest.length * 2 === byHex!.rest.length, message);
    // What was read is what would be written, but for presence bytes.
    const written = encodeHitHex(byBytes.hit);
    assert(written.length + byHex!.rest.length === hex.length, message);
    assert(JSON.stringify(hitFromHex(written)) === JSON.stringify(byBytes.hit), message);
  }
  assert(decoded > 5_000, `only ${decoded} were hits: the test has to reach the decoder's end`);
});

/** Bytes that are a hit, most of the time. */
function ladder(random: Random): Uint8Array {
  const pick = (hex: string): string => hex.substring(...pair(random.below(hex.length / 2)));
  const optional = (hex: string): string => random.below(2) === 0 ? "00" : pick("ff01ff80") + pick(hex);
  const impact = pick("724fa2b11f");
  return bytesOfHex(
    pick("e3c3") + optional("8a8c8d8e") + impact + (impact === "1f" ? "" : pick("0020407fff")) +
      optional("e3c3") + pick("f9e9d9") + pick("a5b5c5d5e5") + "cafecafe",
  );
}

function pair(i: number): [number, number] {
  return [2 * i, 2 * i + 2];
}

Deno.test("random text never throws", () => {
  const seed = 7;
  const random = Random.ofSeed(seed);
  const characters = [
    "0",
    "x",
    "X",
    " ",
    "_",
    "\n",
    "c",
    "3",
    "E",
    "f",
    "g",
    "é",
    "\u{1F3AE}",
    "\ud800",
    "\u2003",
    "\u00a0",
  ];
  for (let round = 0; round < 20_000; round++) {
    let text = VECTORS[random.below(VECTORS.length)]![0];
    for (let edits = random.below(4); edits >= 0; edits--) {
      const at = random.below(text.length + 1);
      text = text.slice(0, at) + characters[random.below(characters.length)] +
        text.slice(at + random.below(2));
    }
    const hit = hitFromHex(text);
    const message = `seed ${seed}, round ${round}: ${JSON.stringify(text)}`;
    assert(JSON.stringify(decodeHitHex(text)?.hit) === JSON.stringify(hit), message);
    // An independent, plain reading of the leniency: strip, check, compare.
    const bare = text.replace(/^0[xX]/, "").replace(/[\s_]/g, (c) => c === "\u00a0" ? c : "").toLowerCase();
    const isHex = /^([0-9a-f]{2})+$/.test(bare);
    const expected = isHex ? decodeHit(bytesOfHex(bare))?.hit : undefined;
    assert(JSON.stringify(expected) === JSON.stringify(hit), message);
  }
});

Deno.test("a buffer that is too small is told by how much", () => {
  const hit = VECTORS[2]![1];
  for (let size = 0; size < MAX_HIT_BYTES; size++) {
    assertEquals(encodeHit(hit, new Uint8Array(size), 0), size - MAX_HIT_BYTES);
  }
  assertEquals(encodeHit(hit, new Uint8Array(12), 5), -2);
  const bytes = new Uint8Array(16).fill(0xee);
  assertEquals(encodeHit(hit, bytes, 5), 14);
  assertEquals([bytes[4], bytes[5], bytes[13], bytes[14]], [0xee, 0xc3, 0xb5, 0xee]);
  assertEquals(bytesOf(VECTORS[1]![1]).length, MIN_HIT_BYTES);
});

Deno.test("a hit that can't be encoded names the field, what was received and what is allowed", () => {
  const hit = VECTORS[0]![1];
  const cases: [Partial<Record<keyof Hit, unknown>>, string][] = [
    [{ key: "Y" }, 'Cannot encode a hit: received key "Y"; allowed are X, O'],
    [{ key: "constructor" }, 'Cannot encode a hit: received key "constructor"; allowed are X, O'],
    [{ key: null }, "Cannot encode a hit: received key null; allowed are X, O"],
    [{ doubleKey: "Z" }, 'Cannot encode a hit: received doubleKey "Z"; allowed are X, O or null'],
    [
      { direction: "Up" },
      'Cannot encode a hit: received direction "Up"; allowed are UP, DOWN, LEFT, RIGHT or null',
    ],
    [{ direction: undefined }, "Cannot encode a hit: received direction undefined"],
    [{ impactType: "Meh" }, 'Cannot encode a hit: received impactType "Meh"'],
    [{ level: "God" }, 'Cannot encode a hit: received level "God"; allowed are Pro, Inter, NewBie'],
    [{ game: "Pong" }, 'Cannot encode a hit: received game "Pong"'],
    [{ impact: 256 }, "Cannot encode a hit: received impact 256; allowed is a whole number from 0 to 255"],
    [{ impact: -1 }, "received impact -1"],
    [{ impact: 1.5 }, "received impact 1.5"],
    [{ impact: NaN }, "received impact NaN"],
    [{ impactType: "Missed" }, "Cannot encode a hit: received impact 42; allowed is 0, as it was missed"],
  ];
  for (const [change, message] of cases) {
    assertThrows(() => encodeHitHex({ ...hit, ...change } as Hit), TypeError, message);
    assertThrows(() => encodeHit({ ...hit, ...change } as Hit, new Uint8Array(9), 0), TypeError, message);
  }
});
