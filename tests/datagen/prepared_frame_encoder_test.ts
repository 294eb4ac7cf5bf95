import { assert, assertEquals } from "@std/assert";
import { avroSerde, SchemaRegistry } from "../../src/serde/mod.ts";
import {
  bindFrameSerdes,
  type BoundFrameSerdes,
  type FrameEncoder,
  type FrameSerdes,
  SerdeFrameEncoder,
} from "../../src/datagen/frame_encoder.ts";
import { PreparedFrameEncoder } from "../../src/datagen/prepared_frame_encoder.ts";
import { FrameGenerator } from "../../src/game/frame_generator.ts";
import type { FrameBody, FrameHeader } from "../../src/game/hit.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA } from "../../src/game/schemas.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { jsonSerde } from "./fakes.ts";

const TOPICS = { requests: "GAME-FRAME-RQ", responses: "GAME-FRAME-RS" };

function avro(registry?: SchemaRegistry): FrameSerdes {
  const options = registry ? { registry } : {};
  return {
    header: avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, options),
    body: avroSerde<FrameBody>(FRAME_BODY_SCHEMA, options),
  };
}

/** A registry that gives ids as `idOf` says for a subject. */
function registry(idOf: (subject: string) => number): SchemaRegistry {
  return new SchemaRegistry("http://registry.test", {
    fetch: (input) => {
      const [, subject] = /subjects\/([^/]+)\/versions/.exec(String(input))!;
      return Promise.resolve(Response.json({ id: idOf(subject!) }));
    },
  });
}

function bytesOf({ key, keyEnd, value, valueEnd }: FrameEncoder): { key: Uint8Array; value: Uint8Array } {
  return { key: key.slice(0, keyEnd), value: value.slice(0, valueEnd) };
}

async function assertSameAsSerdes(serdes: FrameSerdes): Promise<PreparedFrameEncoder> {
  const { below, random } = seededRandom();
  const bound = await bindFrameSerdes(serdes, TOPICS);
  const seed = below(2 ** 32);
  const machines = random() < 0.2 ? "fallback" : 1 + below(50);
  const frames = new FrameGenerator({ seed, machines });
  const again = new FrameGenerator({ seed, machines });
  const prepared = PreparedFrameEncoder.of(frames, bound);
  if (prepared === undefined) throw new Error("the serdes' format was not recognised");
  const plain = new SerdeFrameEncoder(frames, bound);
  let time = below(2 ** 41);
  for (let i = 0; i < 2000; i++) {
    // Often the same millisecond, now and then a time whose varint is shorter or longer.
    if (random() < 0.3) time = random() < 0.9 ? time + below(5) : Math.floor(2 ** (random() * 50));
    frames.draw();
    for (const part of ["request", "response"] as const) {
      if (part === "request") prepared.request(time), plain.request(time);
      else prepared.response(), plain.response();
      const { key, value } = bytesOf(prepared);
      assertEquals({ key, value }, bytesOf(plain));
      const frame = part === "request" ? again.next(time) : frames.frame(time);
      assertEquals(bound[part].header.decode(key, 0, key.length), frame.header);
      assertEquals(bound[part].body.decode(value, 0, value.length), {
        approval: part === "response",
        bytes: frame.hits as string[],
      });
    }
  }
  return prepared;
}

Deno.test("prepared frames: the bytes of the serdes, in single-object encoding", async () => {
  const { sameKeys } = await assertSameAsSerdes(avro());
  assertEquals(sameKeys, true);
});

Deno.test("prepared frames: the bytes of the serdes, with a registry's ids", async () => {
  const shared = await assertSameAsSerdes(avro(registry((subject) => subject.endsWith("-key") ? 7 : 70_000)));
  assertEquals(shared.sameKeys, true);
});

Deno.test("prepared frames: the bytes of the serdes, with an id a subject", async () => {
  const ids = new Map<string, number>();
  const serdes = avro(registry((subject) => {
    if (!ids.has(subject)) ids.set(subject, 900 + ids.size);
    return ids.get(subject)!;
  }));
  const { sameKeys } = await assertSameAsSerdes(serdes);
  assertEquals(sameKeys, false);
});

Deno.test("prepared frames: another format is left to the serdes", async () => {
  const frames = new FrameGenerator({ seed: 1 });
  const of = async (serdes: FrameSerdes): Promise<PreparedFrameEncoder | undefined> => {
    const bound: BoundFrameSerdes = await bindFrameSerdes(serdes, TOPICS);
    return PreparedFrameEncoder.of(frames, bound);
  };
  const { header, body } = avro();
  const [otherHeader, otherBody] = [jsonSerde<FrameHeader>(), jsonSerde<FrameBody>()];
  assertEquals(await of({ header: otherHeader, body: otherBody }), undefined);
  assertEquals(await of({ header, body: otherBody }), undefined);
  assertEquals(await of({ header: otherHeader, body }), undefined);
  // The same types, but the zone comes first.
  const fields = FRAME_HEADER_SCHEMA.fields.toReversed();
  const reversed = avroSerde<FrameHeader>({ ...FRAME_HEADER_SCHEMA, fields });
  assertEquals(await of({ header: reversed, body }), undefined);
  assert(await of({ header, body }));
});

Deno.test("prepared frames: machines that join a group later are encoded too", async () => {
  const bound = await bindFrameSerdes(avro(), TOPICS);
  const frames = new FrameGenerator({ seed: 3 });
  const prepared = PreparedFrameEncoder.of(frames, bound)!;
  const plain = new SerdeFrameEncoder(frames, bound);
  for (let i = 0; i < 300; i++) {
    assert(frames.grow());
    frames.draw();
    for (const machine of [frames.machines.length - 1, i]) {
      frames.pass(machine);
      prepared.request(i), plain.request(i);
      assertEquals(bytesOf(prepared), bytesOf(plain));
    }
  }
});
