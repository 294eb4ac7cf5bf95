import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { protobufSerde } from "../../../src/serde/protobuf/protobuf_serde.ts";
import { DeserializationError, SchemaNotLoaded, UnusableSchema } from "../../../src/serde/serde.ts";
import { decode, encode, hex, unhex } from "../avro/support.ts";

const ORDERS = `
  syntax = "proto3";
  package shop.v1;
  message Address { string city = 1; }
  message Order {
    enum State { NEW = 0; PAID = 1; }
    message Item { string name = 1; sint32 amount = 2; }
    string order_id = 1;
    repeated Item items = 2;
    State state = 3;
    map<string, double> prices = 4;
    Address to = 5;
    optional bool gift = 6;
    oneof by { string card = 7; bytes voucher = 8; }
    int64 total = 9;
    uint64 number = 10;
    repeated int64 longs = 11;
  }
`;

const ORDER = {
  orderId: "a",
  items: [{ name: "x", amount: -1 }, { name: "", amount: 0 }],
  state: "PAID",
  prices: { x: 1.5, "__proto__x": 0 },
  to: { city: "Köln" },
  gift: false,
  card: "4711",
  total: -(2 ** 40),
  number: Number.MAX_SAFE_INTEGER,
  longs: [1, 0, -1],
};

const EMPTY = { orderId: "", items: [], state: "NEW", prices: {}, to: null, total: 0, number: 0, longs: [] };

Deno.test("a message without a registry is Protobuf's bytes alone", async () => {
  const serde = await protobufSerde<unknown>(
    `syntax = "proto3"; message A { int32 a = 1; string b = 2; }`,
    "A",
  );
  // The two examples of Protobuf's own description of its encoding.
  assertEquals(hex(encode(serde, { a: 150, b: "testing" })), "08960112 0774657374696e67".replace(" ", ""));
  assertEquals(decode(serde, unhex("089601")), { a: 150, b: "" });
  assertEquals(encode(serde, { a: 0, b: "" }).length, 0, "defaults are not written, as in other languages");
  assertEquals(serde.forTopic, undefined);
});

Deno.test("what is named like the halves of a long is written as it is", async () => {
  const file = `syntax = "proto3"; message A { map<string, int32> m = 1; R range = 2; }
    message R { optional int32 low = 1; optional int32 high = 2; }`;
  const serde = await protobufSerde<unknown>(file, "A");
  const value = { m: { low: 0, high: 0, unsigned: 1 }, range: { low: 0, high: 0 } };
  assertEquals(decode(serde, encode(serde, value)), value);
});

Deno.test("messages round-trip as plain objects, and what was not written is its default", async () => {
  const serde = await protobufSerde<unknown>(ORDERS, "Order");
  assertEquals(decode(serde, encode(serde, ORDER)), ORDER);
  assertEquals(decode(serde, encode(serde, {})), EMPTY);
  assertEquals(decode(serde, encode(serde, EMPTY)), EMPTY, "null is a message that is not there");
  const voucher = { ...EMPTY, voucher: Uint8Array.of(1, 2) };
  const bytes = encode(serde, voucher);
  const value = serde.decode(bytes, 0, bytes.length);
  bytes.fill(0);
  assertEquals(value, voucher, "a value keeps no reference to the bytes");
  const nested = await protobufSerde<unknown>(ORDERS, "Order.Item");
  assertEquals(decode(nested, encode(nested, { name: "x", amount: 3 })), { name: "x", amount: 3 });
});

Deno.test("numbers of 64 bits are bigints where asked, and never inexact where not", async () => {
  const numbers = await protobufSerde<unknown>(ORDERS, "Order");
  const bigints = await protobufSerde<unknown>(ORDERS, "Order", { longs: "bigint" });
  const value = { ...EMPTY, total: -(2n ** 63n), number: 2n ** 64n - 1n, longs: [2n ** 53n + 1n, -1n, 0n] };
  assertEquals(decode(bigints, encode(bigints, value)), value);
  assertThrows(() => decode(numbers, encode(bigints, value)), DeserializationError, "is beyond 2^53 - 1");
  assertEquals(
    hex(encode(bigints, { total: 5n, longs: [-7n] })),
    hex(encode(numbers, { total: 5, longs: [-7] })),
  );
  assertEquals(decode(bigints, encode(bigints, { total: 0n })), { ...EMPTY, total: 0n, number: 0n });
});

Deno.test("a value that is not of its field's type names the field", async () => {
  const serde = await protobufSerde<unknown>(ORDERS, "Order");
  for (
    const [value, message] of [
      [7, "Cannot encode a Order: received 7; allowed is an object"],
      [{ orderId: 7 }, "orderId: received 7; allowed is a string"],
      [
        { items: [{}, { amount: "7" }] },
        'items[1].amount: received "7"; allowed is a whole number of 32 bits',
      ],
      [{ items: {} }, "items: received {}; allowed is an array"],
      [{ state: "LOST" }, 'state: received "LOST"; allowed is one of NEW, PAID'],
      [{ prices: { a: "1" } }, 'prices["a"]: received "1"; allowed is a number'],
      [{ number: -1 }, "number: received -1; allowed is a whole number from 0"],
      [{ total: 2 ** 53 }, "total: received 9007199254740992; allowed is a whole number up to 2^53 - 1"],
      [{ total: 2n ** 63n }, "total: received 9223372036854775808n"],
      [{ voucher: [1] }, "voucher: received [1]; allowed is a Uint8Array"],
      [{ gift: 1 }, "gift: received 1; allowed is a boolean"],
    ] as const
  ) {
    assertThrows(() => encode(serde, value), TypeError, message);
  }
});

Deno.test("bytes that are no message do not decode", async () => {
  const serde = await protobufSerde<unknown>(ORDERS, "Order");
  for (const bytes of ["ff", "0a05", "0a7f61", "12ffffffff7f"]) {
    assertThrows(() => decode(serde, unhex(bytes)), DeserializationError, "Cannot decode a Order: ");
  }
});

Deno.test("a file that can't be used is refused with the reason", async () => {
  for (
    const [file, message, why] of [
      ["message {", "A", "Cannot use as a .proto file: received message {; "],
      [ORDERS, "Invoice", "looking for message Invoice"],
      [
        `import "money.proto"; message A {}`,
        "A",
        "it imports money.proto, which is not among its references",
      ],
      [`message A { optional Money m = 1; }`, "A", "no such"],
      [`//${"x".repeat(2 ** 20)}`, "A", "characters, allowed are 1048576"],
    ] as const
  ) {
    await assertRejects(() => protobufSerde(file, message), TypeError, why);
  }
});

/** A registry that gives ids from 7 on, and has files by the ids below. */
function registryOf(files: Record<number, object> = {}): { registry: SchemaRegistry; asked: object[] } {
  const asked: object[] = [];
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: (url, { body, method }) => {
      const path = new URL(url).pathname;
      asked.push({ method, path, ...body ? JSON.parse(body as string) : {} });
      if (method === "POST") return Promise.resolve(Response.json({ id: 7 }));
      const file = files[Number(path.split("/").pop())];
      return Promise.resolve(
        file ? Response.json(file) : Response.json({ error_code: 40403 }, { status: 404 }),
      );
    },
  });
  return { registry, asked };
}

Deno.test("in Confluent's wire format the id and the message's indexes come first", async () => {
  const { registry, asked } = registryOf();
  for (
    const [message, value, header] of [
      ["Address", { city: "x" }, "0000000007 00"],
      ["Order", { orderId: "x" }, "0000000007 02 02"],
      ["Order.Item", { name: "x" }, "0000000007 04 02 00"],
    ] as const
  ) {
    const serde = await protobufSerde<object>(ORDERS, message, { registry });
    assertThrows(() => encode(serde, value), Error, "use what forTopic() resolves to");
    const bound = await serde.forTopic!("orders", "value");
    assertStrictEquals(await bound.forTopic!("orders", "value"), bound);
    const bytes = encode(bound, value);
    assertEquals(hex(bytes), `${header}0a0178`.replaceAll(" ", ""));
    const [name, expected] = Object.entries(value)[0]!;
    assertEquals((decode(serde, bytes) as Record<string, unknown>)[name], expected);
    for (let room = 0; room < bytes.length; room++) {
      assert(bound.encode(value, new Uint8Array(room), 0) < 0);
    }
  }
  assertEquals(asked, [{
    method: "POST",
    path: "/subjects/orders-value/versions",
    schema: ORDERS,
    schemaType: "PROTOBUF",
  }]);
});

Deno.test("a message is found in its writer's file by its name, wherever it is there", async () => {
  const later = `syntax = "proto3"; import "unknown.proto"; package shop.v2;
    enum E { Z = 0; } message First {} message Second {} message Address { string city = 1; int32 zip = 2; }`;
  const { registry } = registryOf({
    1: { schema: later, schemaType: "PROTOBUF" },
    2: { schema: `message Other {}`, schemaType: "PROTOBUF" },
    3: { schema: '"string"' },
    4: { schema: "message {", schemaType: "PROTOBUF" },
  });
  const serde = await protobufSerde<unknown>(ORDERS, "Address", { registry });
  const load = async (bytes: string): Promise<unknown> => {
    try {
      return decode(serde, unhex(bytes));
    } catch (error) {
      if (!(error instanceof SchemaNotLoaded)) throw error;
      await error.load();
      return decode(serde, unhex(bytes));
    }
  };
  assertEquals(await load("0000000001 02 04 0a0178 1007"), { city: "x" });
  for (
    const [bytes, type, message] of [
      ["0000000001 00 0a0178", DeserializationError, "received another message of the registry's schema 1"],
      ["0000000001 04 04 00", DeserializationError, "received another message"],
      ["0000000001 02", DeserializationError, "its indexes go on after its end"],
      ["0000000001 ffffffffff", DeserializationError, "an index has more than 4 bytes"],
      ["0000000002 00", UnusableSchema, "schema 2, which does not fit: it has no message Address"],
      ["0000000003 00", UnusableSchema, "schema 3, which does not fit: it is a schema of type AVRO"],
      ["0000000004 00", UnusableSchema, "schema 4, which does not fit: Cannot use as a .proto file"],
      ["0000000005 00", DeserializationError, "the schema id 5, which the registry at http://registry.test"],
      ["00000000", DeserializationError, "Cannot decode a Address: received 4 bytes"],
    ] as const
  ) {
    await assertRejects(() => load(bytes), type, message);
    await assertRejects(() => load(bytes), type, message);
  }
});

Deno.test("files may import others, and Google's own need not be given", async () => {
  const { registry, asked } = registryOf();
  const references = [{
    name: "money.proto",
    subject: "money",
    version: 3,
    text: `syntax = "proto3"; package shop; message Money { int64 cents = 1; }`,
  }];
  const file = `syntax = "proto3"; package shop;
    import "money.proto"; import "google/protobuf/timestamp.proto";
    message Price { Money money = 1; google.protobuf.Timestamp at = 2; }`;
  const serde = await protobufSerde<unknown>(file, "Price", { registry, references });
  const bound = await serde.forTopic!("prices", "value");
  const value = { money: { cents: 5 }, at: { seconds: 1, nanos: 2 } };
  assertEquals(decode(bound, encode(bound, value)), value);
  assertEquals(
    hex(encode(bound, value).subarray(0, 6)),
    "000000000700",
    "it is the first message of its file",
  );
  assertEquals((asked[0] as Record<string, unknown>).references, [{
    name: "money.proto",
    subject: "money",
    version: 3,
  }]);
});

Deno.test("keys of a map are checked, as the encoder would make 0 or false of others", async () => {
  const file = `syntax = "proto3"; message A {
    map<int32, string> ints = 1; map<bool, string> flags = 2; map<uint64, string> longs = 3; int32 one = 4; }`;
  const serde = await protobufSerde<Record<string, unknown>>(file, "A", { longs: "bigint" });
  const value = {
    ints: { "-2147483648": "a", "0": "b" },
    flags: { true: "c", false: "d" },
    longs: { "18446744073709551615": "e" },
    one: 1,
  };
  assertEquals(decode(serde, encode(serde, value)), value);
  for (
    const [name, key] of [
      ["ints", "abc"],
      ["ints", "1.5"],
      ["ints", "01"],
      ["ints", ""],
      ["ints", "2147483648"],
      ["flags", "1"],
      ["longs", "-1"],
      ["longs", "18446744073709551616"],
    ] as const
  ) {
    const message = `Cannot encode a A: ${name}: received "${key}"; allowed is a key that is `;
    assertThrows(() => encode(serde, { [name]: { [key]: "x" } }), TypeError, message);
  }
  assertThrows(() => encode(serde, { one: 1n }), TypeError, "one: received 1n; allowed is a whole number");
});

Deno.test("a map's value that was not written is its default, bytes as well", async () => {
  const file = `syntax = "proto3";
    message Files { map<string, bytes> files = 1; repeated Files more = 2; map<int32, Files> named = 3; Files one = 4; }`;
  const serde = await protobufSerde(file, "Files");
  // An entry with the key "a" alone; then one in each place that a message can be in.
  const entry = "0a030a0161";
  const none = new Uint8Array(0);
  const inner = { files: { a: none }, more: [], named: {}, one: null };
  const value = decode(serde, unhex(`${entry} 1205${entry} 1a09080512 05${entry} 2205${entry}`));
  assertEquals(value, { files: { a: none }, more: [inner], named: { 5: inner }, one: inner });
  assertEquals(decode(serde, encode(serde, value)), value);
});
