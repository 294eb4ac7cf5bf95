import {
  avroSerde,
  bindSerde,
  DeserializationError,
  protobufSerde,
  RegistryError,
  SchemaNotLoaded,
  SchemaRegistry,
  type Serde,
} from "../../../src/serde/mod.ts";
import { type Json, mutateJson } from "../json_tree.ts";
import { joined } from "../mutations.ts";
import { bytesOf, refused, textOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

const STATUSES = [200, 404, 409, 401, 422, 500, 429, 302, 201, 304];
const WORDS: readonly Json[] = [
  ..."schema schemaType references name subject version id error_code message AVRO JSON PROTOBUF a __proto__"
    .split(" "),
  null,
  true,
  0,
  1,
  -1,
  40403,
  2 ** 31,
  0.5,
  "",
  '"int"',
  '{"type":"record","name":"A","fields":[]}',
  [],
  {},
  { name: "a", subject: "b", version: 1 },
  { name: null, subject: 5, version: {} },
];
const ANSWERS: readonly Json[] = [
  { schema: '"string"' },
  { schema: '{"type":"record","name":"A","fields":[{"name":"a","type":"int"}]}', schemaType: "AVRO" },
  { schema: '["null","B"]', references: [{ name: "B", subject: "b", version: 1 }] },
  { schema: 'syntax = "proto3"; message A { string a = 1; }', schemaType: "PROTOBUF" },
  { id: 5 },
  { error_code: 40403, message: "Schema not found" },
];
const RECORD = { type: "record", name: "A", fields: [{ name: "a", type: "long", default: 1 }] };
const FILE = 'syntax = "proto3"; message A { string a = 1; }';

/** What a registry answers, by its status and body: to who registers a schema, and to who reads by an id. */
export const REGISTRY: FuzzTarget = {
  name: "registry",
  refusals: [],
  seeds: () => ANSWERS.map((answer, i) => withStatus(i === 5 ? 1 : 0, i, JSON.stringify(answer))),
  mutate(input, random) {
    try {
      const [status, header] = [input[0]!, input[1]!];
      return withStatus(
        status,
        header,
        JSON.stringify(mutateJson(JSON.parse(textOf(input.subarray(2))), random, WORDS)),
      );
    } catch {
      // No JSON any more.
      return input;
    }
  },
  async run(input) {
    // The clock goes on with each pause, so that a registry that fails is given up without waiting.
    let now = 0;
    const registry = new SchemaRegistry("http://registry.test", {
      fetch: () => Promise.resolve(responseOf(input)),
      now: () => now++,
      pause: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    });
    const serdes = [
      avroSerde<unknown>(RECORD, { registry }),
      await protobufSerde<unknown>(FILE, "A", { registry }),
    ];
    for (const serde of serdes) {
      await reads(serde, Uint8Array.of(0, 0, 0, 0, 9, 2, 97));
      try {
        await bindSerde(serde, "topic", "value");
      } catch (error) {
        refused(error, (error) => error instanceof RegistryError);
      }
    }
  },
};

async function reads(serde: Serde<unknown>, message: Uint8Array): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      serde.decode(message, 0, message.length);
      return;
    } catch (error) {
      if (!(error instanceof SchemaNotLoaded)) {
        refused(error, (error) => error instanceof DeserializationError);
        return;
      }
      try {
        await error.load();
      } catch (error) {
        refused(error, (error) => error instanceof RegistryError);
        return;
      }
    }
  }
  throw new Error("the schema is not loaded after it was loaded");
}

function withStatus(status: number, header: number, body: string): Uint8Array {
  return joined(Uint8Array.of(status, header), bytesOf(body));
}

/** The status by the first byte, headers by the second, then the body. */
function responseOf(input: Uint8Array): Response {
  const status = STATUSES[(input[0] ?? 0) % STATUSES.length]!;
  const body = input.slice(2);
  const headers: Record<string, string> = {};
  const bits = input[1] ?? 0;
  if (bits & 1) headers["content-type"] = "application/json";
  if (bits & 2) headers["content-length"] = String(body.length * bits);
  if (bits & 4) headers["location"] = "http://other.test/";
  if (bits & 8) headers["retry-after"] = String(bits);
  return new Response(status === 304 ? null : body, { status, headers });
}
