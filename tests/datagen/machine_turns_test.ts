import { assert, assertEquals } from "@std/assert";
import { MachineTurns } from "../../src/datagen/machine_turns.ts";
import { type Frame, FrameGenerator, type FrameGeneratorOptions } from "../../src/game/frame_generator.ts";
import { seededRandom } from "../support/seeded_random.ts";

const NOW = 1_700_000_000_000;

function group(
  options: Partial<FrameGeneratorOptions> = {},
): { frames: FrameGenerator; turns: MachineTurns } {
  const frames = new FrameGenerator({ seed: 1, ...options });
  return { frames, turns: new MachineTurns(frames, { grows: options.machines === undefined }) };
}

function draw(turns: MachineTurns, frames: FrameGenerator, count: number): Frame[] {
  return Array.from({ length: count }, () => frames.frame(turns.draw()));
}

const keyOf = ({ header }: Frame) => `${header.ts} ${header.machine}`;

Deno.test("machine turns: at any rate no two frames share a key, and times neither go back nor run ahead", () => {
  const { below } = seededRandom();
  for (let run = 0; run < 8; run++) {
    const { frames, turns } = group({ seed: below(1000) });
    const rate = 10 ** below(5);
    const keys = new Set<string>();
    let count = 0;
    let last = 0;
    for (let now = NOW; now < NOW + 400;) {
      const slept = 1 + below(6);
      now += slept;
      const due = below(8) === 0 ? Infinity : rate * slept / 10;
      turns.begin(now, due);
      for (const frame of draw(turns, frames, Math.min(300, Math.ceil(due)))) {
        keys.add(keyOf(frame));
        count++;
        assert(frame.header.ts >= last && frame.header.ts <= now, `${frame.header.ts} at ${now}`);
        last = frame.header.ts;
      }
    }
    assertEquals(keys.size, count);
    assert(!turns.shares);
    assertEquals(new Set(frames.machines.map(({ id }) => id)).size, frames.machines.length);
  }
});

Deno.test("machine turns: at low rates a frame happens now, and is its seed's", () => {
  const { frames, turns } = group();
  const same = new FrameGenerator({ seed: 1 });
  for (let i = 0; i < 500; i++) {
    turns.begin(NOW + 2 * i, 1);
    assertEquals(draw(turns, frames, 1), [same.next(NOW + 2 * i)]);
  }
  assertEquals(frames.machines, same.machines);
});

Deno.test("machine turns: frames that were due earlier happen earlier, before the group grows", () => {
  const { frames, turns } = group();
  const machines = frames.machines.length;
  turns.begin(NOW, 1);
  const drawn = draw(turns, frames, 1);
  turns.begin(NOW + 4, 5 * machines);
  drawn.push(...draw(turns, frames, 5 * machines - 1));
  assertEquals(new Set(drawn.map(keyOf)).size, 5 * machines);
  assertEquals(new Set(drawn.map(({ header }) => header.ts)), new Set([0, 1, 2, 3, 4].map((ms) => NOW + ms)));
  assertEquals(frames.machines.length, machines);
});

Deno.test("machine turns: a group does not grow by chance, where it is twice as large as the rate needs", () => {
  const { below } = seededRandom();
  const { frames, turns } = group({ seed: 4 });
  const machines = frames.machines.length;
  const rate = Math.floor(machines / 2);
  for (let now = NOW; now < NOW + 10_000;) {
    const slept = 4 + below(3);
    now += slept;
    turns.begin(now, rate * slept);
    draw(turns, frames, rate * slept + below(4));
  }
  assertEquals(frames.machines.length, machines);
});

Deno.test("machine turns: a group grows as far as one millisecond needs it, by machines that its seed tells", () => {
  const [one, other] = [group(), group()];
  for (const { frames, turns } of [one, other]) {
    turns.begin(NOW, Infinity);
    assertEquals(new Set(draw(turns, frames, 1000).map(keyOf)).size, 1000);
  }
  const { length } = one.frames.machines;
  assert(length >= 1000 && length < 1500, `${length} machines`);
  assertEquals(one.frames.machines, other.frames.machines);
});

Deno.test("machine turns: joined machines change no frame but for who sends it", () => {
  const { frames, turns } = group();
  const same = new FrameGenerator({ seed: 1 });
  turns.begin(NOW, Infinity);
  for (const { answered, hits } of draw(turns, frames, 500)) {
    const alone = same.next(NOW);
    assertEquals([answered, hits.length], [alone.answered, alone.hits.length]);
  }
});

Deno.test("machine turns: a group of a given size stays, and shares keys evenly when it must", () => {
  const { frames, turns } = group({ machines: 10 });
  turns.begin(NOW, 10);
  assertEquals(new Set(draw(turns, frames, 10).map(keyOf)).size, 10);
  assert(!turns.shares);
  turns.begin(NOW + 1, Infinity);
  const counts = Map.groupBy(draw(turns, frames, 50), keyOf);
  assertEquals([...counts.values()].map(({ length }) => length), new Array(10).fill(5));
  assert(turns.shares);
  assertEquals(frames.machines.length, 10);
});

Deno.test("machine turns: a clock that is set back is followed", () => {
  const { frames, turns } = group();
  turns.begin(NOW, 1);
  draw(turns, frames, 5);
  turns.begin(NOW - 60_000, 1);
  assertEquals(draw(turns, frames, 1)[0]!.header.ts, NOW - 60_000);
});
