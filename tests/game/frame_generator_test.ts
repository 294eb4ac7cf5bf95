import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { FALLBACK_MACHINES, type Frame, FrameGenerator } from "../../src/game/frame_generator.ts";
import { GAMES, type Hit, LEVELS, ZONES } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";

const NOW = 1_571_000_000_000;

function frames(generator: FrameGenerator, count: number): Frame[] {
  return Array.from({ length: count }, (_, i) => generator.next(NOW + i));
}

function decode(hex: string): Hit {
  const hit = hitFromHex(hex);
  if (!hit) throw new Error(`not a hit: ${hex}`);
  return hit;
}

/** Fails when counts are further from their weights than chance makes them once in a thousand times. */
function assertWeights(what: string, counts: Map<unknown, number>, weights: Record<string, number>): void {
  const names = Object.keys(weights);
  assertEquals([...counts.keys()].map(String).sort(), names.toSorted(), what);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const weight = Object.values(weights).reduce((sum, each) => sum + each, 0);
  let chiSquare = 0;
  for (const [value, count] of counts) {
    const expected = total * weights[String(value)]! / weight;
    chiSquare += (count - expected) ** 2 / expected;
  }
  // The 0.999 quantile by Wilson and Hilferty's approximation.
  const freedom = names.length - 1;
  const limit = freedom * (1 - 2 / (9 * freedom) + 3.0902 * Math.sqrt(2 / (9 * freedom))) ** 3;
  assert(chiSquare < limit, `${what}: chi-square ${chiSquare} of at most ${limit}`);
}

function count<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function even(values: Iterable<unknown>): Record<string, number> {
  return Object.fromEntries([...values].map((value) => [String(value), 1]));
}

Deno.test("the same seed gives the same machines and frames, another seed others", () => {
  const one = new FrameGenerator({ seed: 1 });
  const again = new FrameGenerator({ seed: 1 });
  const other = new FrameGenerator({ seed: 2 });
  assertEquals(one.machines, again.machines);
  assertNotEquals(one.machines, other.machines);
  const first = frames(one, 1_000);
  assertEquals(first, frames(again, 1_000));
  assertNotEquals(first, frames(other, 1_000));
});

Deno.test("a seed's frames stay what they are from version to version", () => {
  const generator = new FrameGenerator({ seed: 42, machines: 3 });
  const pinned = { machines: generator.machines, frames: frames(generator, 2) };
  assertEquals(pinned, PINNED);
});

Deno.test("a group has 10 to 35 machines with ids of six digits from 4 on", () => {
  const sizes = new Set<number>();
  for (let seed = 0; seed < 500; seed++) {
    const { machines } = new FrameGenerator({ seed });
    sizes.add(machines.length);
    assertEquals(new Set(machines.map(({ id }) => id)).size, machines.length);
    for (const { id, zone, game } of machines) {
      assert(/^\d{6}$/.test(id) && Number(id) >= 4, id);
      assert(ZONES.includes(zone) && GAMES.includes(game));
    }
  }
  assertEquals([...sizes].sort((a, b) => a - b), Array.from({ length: 26 }, (_, i) => 10 + i));
});

Deno.test("a group has the size that is asked for", () => {
  assertEquals(new FrameGenerator({ seed: 1, machines: 1 }).machines.length, 1);
  assertEquals(new FrameGenerator({ seed: 1, machines: 5_000 }).machines.length, 5_000);
  for (const machines of [0, -1, 1.5, NaN, 100_001]) {
    assertThrows(
      () => new FrameGenerator({ seed: 1, machines }),
      RangeError,
      `Cannot make a group of machines: received ${machines}; allowed is a whole number from 1 to 100000`,
    );
  }
});

Deno.test("the fallback group is the original's", () => {
  assertEquals(FALLBACK_MACHINES, [
    { id: "000000", zone: "EU", game: "Neowave" },
    { id: "000001", zone: "AU", game: "Neowave" },
    { id: "000002", zone: "US", game: "Neowave" },
    { id: "000003", zone: "ZG", game: "Neowave" },
  ]);
  const generator = new FrameGenerator({ seed: 1, machines: "fallback" });
  assertEquals(generator.machines, FALLBACK_MACHINES);
  assertEquals(new Set(frames(generator, 100).map(({ header }) => header.machine)).size, 4);
});

Deno.test("a frame is one machine's, of its game, of one level", () => {
  const generator = new FrameGenerator({ seed: 5 });
  const byId = new Map(generator.machines.map((machine) => [machine.id, machine]));
  for (const [i, { header, hits }] of frames(generator, 5_000).entries()) {
    const machine = byId.get(header.machine)!;
    assertEquals(header, { ts: NOW + i, machine: machine.id, zone: machine.zone });
    const decoded = hits.map(decode);
    assertEquals(new Set(decoded.map(({ level }) => level)).size, 1);
    assert(decoded.every(({ game }) => game === machine.game));
    assert(hits.every((hex) => hex === hex.toLowerCase()));
  }
});

Deno.test("frames and hits come with the original's weights", () => {
  const generator = new FrameGenerator({ seed: 11, machines: 20 });
  const all = frames(generator, 60_000);
  const hits = all.flatMap((frame) => frame.hits.map(decode));
  const landed = hits.filter(({ impactType }) => impactType !== "Missed");

  assertWeights(
    "machine",
    count(all.map(({ header }) => header.machine)),
    even(generator.machines.map(({ id }) => id)),
  );
  assertWeights("hits of a frame", count(all.map((frame) => frame.hits.length)), even([1, 2, 3, 4, 5]));
  assertWeights("level", count(all.map((frame) => decode(frame.hits[0]!).level)), even(LEVELS));
  assertWeights("answered", count(all.map(({ answered }) => answered)), { true: 100, false: 1 });
  assertWeights("key", count(hits.map(({ key }) => key)), { X: 1, O: 1 });
  assertWeights("direction", count(hits.map(({ direction }) => direction)), {
    UP: 4,
    RIGHT: 3,
    DOWN: 2,
    LEFT: 1,
  });
  assertWeights("impact", count(hits.map(({ impactType }) => impactType)), {
    Fatal: 1,
    Critical: 2,
    Special: 2,
    Direct: 10,
    Missed: 5,
  });
  assertWeights(
    "violence",
    count(landed.map(({ impact }) => impact)),
    even(Array.from({ length: 168 }, (_, i) => 42 + i)),
  );
  assertWeights(
    "key and direction together",
    count(hits.map(({ key, direction }) => key + direction)),
    { XUP: 4, OUP: 4, XRIGHT: 3, ORIGHT: 3, XDOWN: 2, ODOWN: 2, XLEFT: 1, OLEFT: 1 },
  );
  assert(hits.every(({ doubleKey }) => doubleKey === null));
  assert(hits.every(({ impact, impactType }) => impactType !== "Missed" || impact === 0));
});

const PINNED = {
  "machines": [{ "id": "126883", "zone": "EU", "game": "HeatofBattleFromParadise" }, {
    "id": "079109",
    "zone": "EU",
    "game": "Neowave",
  }, { "id": "258971", "zone": "AU", "game": "NeoBlood" }],
  "frames": [{
    "header": { "ts": 1571000000000, "machine": "126883", "zone": "EU" },
    "hits": ["c3ff8c1f00e9e5", "c3ff8eb17800e9e5", "c3ff8eb1b000e9e5", "e3ff8d1f00e9e5", "c3ff8e4fad00e9e5"],
    "answered": true,
  }, {
    "header": { "ts": 1571000000001, "machine": "126883", "zone": "EU" },
    "hits": ["e3ff8eb15800f9e5"],
    "answered": true,
  }],
};
