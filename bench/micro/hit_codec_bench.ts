/** The hit codec: see src/game/hit_codec.ts. */
import { avroSerde } from "../../src/serde/mod.ts";
import type { FrameBody, Hit } from "../../src/game/hit.ts";
import {
  encodeHit,
  encodeHitHex,
  hitFromBytes,
  hitFromHex,
  MAX_HIT_BYTES,
} from "../../src/game/hit_codec.ts";
import { FRAME_BODY_SCHEMA } from "../../src/game/schemas.ts";
import { bench, Sink } from "./measure.ts";
import { anyHits, bodies, COUNT as count, encodedBodies, generatedHits } from "./inputs.ts";

const items = "hits";
const decoded = new Sink<Hit | undefined>();
const texts = new Sink<string>();

for (const [kind, hits] of [["generated", generatedHits], ["of all kinds", anyHits]] as const) {
  const hex = hits.map(encodeHitHex);
  const bytes = new Uint8Array(count * MAX_HIT_BYTES);
  for (const [i, hit] of hits.entries()) encodeHit(hit, bytes, i * MAX_HIT_BYTES);

  let group = `decode hits, ${kind}`;
  bench({
    group,
    what: `hits ${kind}: decode hex`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) decoded.take(hitFromHex(hex[i]!));
    },
  });
  bench({
    group,
    what: `hits ${kind}: decode bytes`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) {
        decoded.take(hitFromBytes(bytes, i * MAX_HIT_BYTES, (i + 1) * MAX_HIT_BYTES));
      }
    },
  });

  group = `encode hits, ${kind}`;
  bench({
    group,
    what: `hits ${kind}: encode as hex`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) texts.take(encodeHitHex(hits[i]!));
    },
  });
  bench({
    group,
    what: `hits ${kind}: encode as bytes`,
    count,
    items,
    run() {
      for (let i = 0; i < count; i++) encodeHit(hits[i]!, bytes, i * MAX_HIT_BYTES);
    },
  });
}

const body = avroSerde<FrameBody>(FRAME_BODY_SCHEMA);
bench({
  group: "from a record's value to its hits",
  what: "hits generated: FrameBody's bytes to hits",
  count: bodies.reduce((sum, { bytes }) => sum + bytes.length, 0),
  items,
  run() {
    const { bytes, ends } = encodedBodies;
    let from = 0;
    for (let i = 0; i < ends.length; i++) {
      for (const hex of body.decode(bytes, from, ends[i]!).bytes) decoded.take(hitFromHex(hex));
      from = ends[i]!;
    }
  },
});
