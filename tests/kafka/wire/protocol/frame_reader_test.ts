import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  FrameReader,
  InvalidLength,
  MOST_ANSWER_BYTES,
} from "../../../../src/kafka/wire/protocol/frame_reader.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

/** Bytes with their length in front. */
function frame(body: readonly number[]): number[] {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return [...length, ...body];
}

function collected(): { reader: FrameReader; answers: number[][] } {
  const answers: number[][] = [];
  return { reader: new FrameReader((answer) => answers.push([...answer])), answers };
}

const one = [0, 0, 0, 1, 10, 11, 12];
const two = [0, 0, 0, 2];
const bytes = [...frame(one), ...frame(two)];

Deno.test("answers come whole wherever the bytes are cut in two, also when both come at once", () => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { reader, answers } = collected();
    reader.push(Buffer.from(bytes.slice(0, cut)));
    reader.push(Buffer.from(bytes.slice(cut)));
    assertEquals(answers, [one, two], `cut at ${cut}`);
    assertEquals(reader.inAnswer, false);
  }
});

Deno.test("answers come whole a byte at a time", () => {
  const { reader, answers } = collected();
  for (const byte of bytes) reader.push(Buffer.from([byte]));
  assertEquals(answers, [one, two]);
});

Deno.test("answers of any sizes come whole in chunks of any sizes", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 200; round++) {
    const wanted = Array.from(
      { length: below(6) },
      () => Array.from({ length: 4 + below(50) }, () => below(256)),
    );
    const all = wanted.flatMap(frame);
    const { reader, answers } = collected();
    for (let at = 0; at < all.length;) {
      const size = 1 + below(40);
      reader.push(Buffer.from(all.slice(at, at += size)));
    }
    assertEquals(answers, wanted);
  }
});

Deno.test("an answer that comes a byte at a time does not take a buffer a byte", () => {
  const { reader, answers } = collected();
  const wanted = Array.from({ length: 20_000 }, (_, i) => i & 0xff);
  const kept = new Set<unknown>();
  const concat = Buffer.concat;
  Buffer.concat = (list: readonly Uint8Array[], length?: number) => {
    for (const each of list) if (each.length >= 4_096) kept.add(each);
    return concat(list, length);
  };
  try {
    for (const byte of frame(wanted)) reader.push(Buffer.from([byte]));
  } finally {
    Buffer.concat = concat;
  }
  assertEquals(answers, [wanted]);
  assertEquals(kept.size, 4); // what the last concatenation was made of, beside a smaller rest
});

Deno.test("an answer that came in one chunk is not copied", () => {
  const chunk = Buffer.from(frame(one));
  let answer: Buffer | undefined;
  new FrameReader((each) => answer = each).push(chunk);
  assertEquals([answer!.buffer, answer!.byteOffset], [chunk.buffer, chunk.byteOffset + 4]);
});

Deno.test("a length that no answer has is refused before anything is reserved for it", () => {
  for (const length of [0, 3, -1, -4, -(2 ** 31), MOST_ANSWER_BYTES + 1, 2 ** 31 - 1]) {
    const chunk = Buffer.alloc(4);
    chunk.writeInt32BE(length);
    const error = assertThrows(() => collected().reader.push(chunk), InvalidLength, `of ${length} bytes`);
    assertEquals(error.isTls, false);
  }
});

Deno.test("what a TLS port answers is known as such", () => {
  for (const start of [[0x15, 3, 3, 0, 2, 2, 50], [0x16, 3, 1, 0]]) {
    const error = assertThrows(() => collected().reader.push(Buffer.from(start)), InvalidLength);
    assertEquals(error.isTls, true);
  }
});

Deno.test("a reader that was stopped gives out nothing more, not even what has come", () => {
  const answers: number[][] = [];
  const reader: FrameReader = new FrameReader((answer) => {
    answers.push([...answer]);
    reader.stop();
  });
  reader.push(Buffer.from(bytes));
  reader.push(Buffer.from(bytes));
  assertEquals(answers, [one]);
});
