import { assertEquals } from "@std/assert";
import { DeserializationError, protobufSerde, type Serde } from "../../../src/serde/mod.ts";
import { joined } from "../mutations.ts";
import { bytesOf, encoded, refused, textOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

/** All kinds of fields. */
const FILE = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Order {
  string id = 1; int32 a = 2; sint64 b = 3; fixed64 c = 4; float d = 5; double e = 6; bool f = 7; bytes g = 8;
  repeated int32 many = 9; map<string, Item> items = 10; Suit suit = 11; Item item = 12; optional uint64 h = 13;
  oneof which { string left = 14; Order right = 15; }
  google.protobuf.Timestamp at = 16;
  map<int64, bytes> numbers = 17;
  message Item { string name = 1; repeated Item parts = 2; }
}
enum Suit { NONE = 0; ONE = 1; }
`;
const VALUE = {
  id: "a",
  a: -1,
  b: -5n,
  c: 2n ** 60n,
  d: 0.5,
  e: 1e100,
  f: true,
  g: Uint8Array.of(1),
  many: [1, 2],
  items: { x: { name: "y" } },
  suit: "ONE",
  item: { name: "i", parts: [{ name: "j" }] },
  h: 1n,
  right: { id: "b" },
  at: { seconds: 5n, nanos: 6 },
  numbers: { "5": Uint8Array.of(2) },
};

const ORDERS = await protobufSerde<unknown>(FILE, "Order", { longs: "bigint" });

/** Messages of a file that is right. */
export const PROTOBUF_BODY: FuzzTarget = {
  name: "protobuf-body",
  refusals: [],
  seeds: () => [encoded(ORDERS, VALUE), new Uint8Array(0)],
  run(input) {
    let value: unknown;
    try {
      value = ORDERS.decode(input, 0, input.length);
    } catch (error) {
      refused(error, (error) => error instanceof DeserializationError);
      return;
    }
    const again = encoded(ORDERS, value);
    assertEquals(ORDERS.decode(again, 0, again.length), value, "what was written again is another value");
  },
};

/** Files, and messages of them. */
export const PROTOBUF_FILE: FuzzTarget = {
  name: "protobuf-file",
  refusals: [],
  seeds() {
    const files = [
      FILE,
      'syntax = "proto3"; message Order { string id = 1; }',
      'syntax = "proto2"; message Order { required int32 a = 1; optional Order b = 2; extensions 100 to 199; } extend Order { optional string x = 100; }',
      'edition = "2023"; package a.b; message Order { int32 a = 1 [default = 5]; reserved 2 to 4; option (my) = { a: 1 }; }',
      'syntax = "proto3"; message Order { map<string, Order> m = 1; } service S { rpc Get (Order) returns (stream Order); }',
    ];
    return files.map((file) => joined(bytesOf(file), Uint8Array.of(0, 10, 1, 97)));
  },
  mutate(input, random) {
    // Whole words of the input in other places.
    const words = textOf(input).split(/(?<=[\s;{}()<>=,.])|(?=[\s;{}()<>=,.])/);
    const at = random.below(words.length);
    const other = words[random.below(words.length)]!;
    if (random.below(3) === 0) words.splice(at, 1 + random.below(3));
    else if (random.below(2) === 0) words.splice(at, 0, other);
    else words[at] = other;
    return bytesOf(words.join(""));
  },
  async run(input) {
    const end = input.indexOf(0);
    const text = textOf(end < 0 ? input : input.subarray(0, end));
    const body = end < 0 ? new Uint8Array(0) : input.subarray(end + 1);
    let serde: Serde<unknown>;
    try {
      serde = await protobufSerde(text, "Order");
    } catch (error) {
      refused(error, ({ message }) => message.startsWith("Cannot use a"));
      return;
    }
    try {
      serde.decode(body, 0, body.length);
    } catch (error) {
      refused(error, (error) => error instanceof DeserializationError);
    }
  },
};
