import { assertEquals, assertStrictEquals } from "@std/assert";
import { NO_HEADERS, RecordSet } from "../../../src/kafka/port/record_set.ts";
import { RecordOrigin } from "../../../src/engine/record/record_origin.ts";

/** One record at offset 41: key 1 2, value 3, and a header `h` = 4. */
function oneRecord(): RecordSet {
  // The header: a count of 1, a key of one byte, a value of one byte, as zigzag varints.
  const bytes = Uint8Array.of(1, 2, 3, 2, 2, 104, 2, 4);
  return new RecordSet({
    topic: "in",
    partition: 5,
    count: 1,
    bytes,
    offsets: Float64Array.of(41),
    timestamps: Float64Array.of(1_000),
    keyStart: Int32Array.of(0),
    keyEnd: Int32Array.of(2),
    valueStart: Int32Array.of(2),
    valueEnd: Int32Array.of(3),
    headersStart: Int32Array.of(3),
    nextOffset: 42,
    endOffset: 42,
    startOffset: 0,
  });
}

const own = [{ key: "h", value: Uint8Array.of(4) }];
const others = [{ key: "other", value: null }];

Deno.test("outside of a record there is no topic", () => {
  const origin = new RecordOrigin();
  assertEquals([origin.topic, origin.offset, origin.inputTimestamp], [undefined, -1, -1]);
  assertEquals([origin.inputKey, origin.inputValue], [null, null]);
  assertStrictEquals(origin.headers, NO_HEADERS);
  assertStrictEquals(origin.inputHeaders, NO_HEADERS);
});

Deno.test("a record's origin is its place in its set, with its bytes as they came in", () => {
  const origin = new RecordOrigin();
  origin.enter(oneRecord(), 0);
  assertEquals([origin.topic, origin.offset, origin.inputTimestamp], ["in", 41, 1_000]);
  assertEquals([origin.inputKey, origin.inputValue], [Uint8Array.of(1, 2), Uint8Array.of(3)]);
  assertEquals(origin.headers, own);
});

Deno.test("headers that were replaced go on, and the input's stay what they are", () => {
  const origin = new RecordOrigin();
  origin.enter(oneRecord(), 0);
  assertEquals(origin.replaceHeaders(others), undefined);
  assertEquals([origin.headers, origin.inputHeaders], [others, own]);
  assertStrictEquals(origin.replaceHeaders(undefined), others);
  assertEquals(origin.headers, own);
});

Deno.test("what was held back goes on from where it came, and the record from where it was", () => {
  const origin = new RecordOrigin();
  origin.enter(oneRecord(), 0);
  const before = origin.goTo({ topic: "earlier", offset: 7, headers: others });
  assertEquals(origin.place(), { topic: "earlier", offset: 7, headers: others });
  // The input is still the record that is being processed: dead letters are made of it.
  assertEquals(origin.inputTimestamp, 1_000);
  const within = origin.goTo({ topic: undefined, offset: -1, headers: NO_HEADERS });
  assertEquals([origin.topic, origin.offset], [undefined, -1]);
  origin.goTo(within);
  assertEquals([origin.topic, origin.offset], ["earlier", 7]);
  origin.goTo(before);
  assertEquals(origin.place(), { topic: "in", offset: 41, headers: own });
});

Deno.test("the next record has nothing of the one before", () => {
  const origin = new RecordOrigin();
  origin.enter(oneRecord(), 0);
  origin.goTo({ topic: "earlier", offset: 7, headers: others });
  origin.replaceHeaders(others);
  origin.enter(undefined, 0);
  assertEquals(origin.place(), { topic: undefined, offset: -1, headers: NO_HEADERS });
});
