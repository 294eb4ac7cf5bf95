import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { startRegistry } from "../../../scripts/registry.ts";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { RegistryError, SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { jsonSchemaSerde } from "../../../src/serde/json_schema/json_schema_serde.ts";
import { protobufSerde } from "../../../src/serde/protobuf/protobuf_serde.ts";
import { bindSerde, DeserializationError, SchemaNotLoaded, type Serde } from "../../../src/serde/serde.ts";
import type { FrameHeader, GameSession } from "../../../src/game/hit.ts";
import { hitFromHex } from "../../../src/game/hit_codec.ts";
import { FRAME_HEADER_SCHEMA, GAME_SESSION_SCHEMA } from "../../../src/game/schemas.ts";
import { decode, encode } from "../../serde/avro/support.ts";

const HEADER: FrameHeader = { ts: 1571000000000, machine: "000042", zone: "AU" };

// Apicurio tells a JSON Schema by this property.
const JSON_SCHEMA = { $schema: "http://json-schema.org/draft-07/schema#", type: "object" };

/** Decodes when the schema is loaded, if it has to be. */
async function decodeLoaded<T>(serde: Serde<T>, bytes: Uint8Array): Promise<T> {
  try {
    return decode(serde, bytes);
  } catch (error) {
    if (!(error instanceof SchemaNotLoaded)) throw error;
    await error.load();
    return decode(serde, bytes);
  }
}

// One registry for all steps: starting it takes seconds.
Deno.test("against a real registry (Apicurio)", async (t) => {
  const server = await startRegistry();
  try {
    const topic = `T-${crypto.randomUUID()}`;
    const connect = (): SchemaRegistry => new SchemaRegistry(server.url);

    await t.step("what one process writes another reads, loading the schema by its id", async () => {
      const keys = await avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry: connect() }).forTopic!(
        topic,
        "key",
      );
      const values = await avroSerde<GameSession>(GAME_SESSION_SCHEMA, { registry: connect() }).forTopic!(
        topic,
        "value",
      );
      const session = { hits: [hitFromHex("c3ff8d4f14ffc3d9b5")!, hitFromHex("e3001f00d9b5")!] };
      const key = encode(keys, HEADER);
      const value = encode(values, session);
      assertEquals([key[0], value[0]], [0, 0]);

      const registry = connect();
      const keyReader = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
      const valueReader = avroSerde<GameSession>(GAME_SESSION_SCHEMA, { registry });
      await (assertThrows(() => decode(keyReader, key), SchemaNotLoaded) as SchemaNotLoaded).load();
      await (assertThrows(() => decode(valueReader, value), SchemaNotLoaded) as SchemaNotLoaded).load();
      assertEquals(decode(keyReader, key), HEADER);
      assertEquals(decode(valueReader, value), session);
    });

    await t.step("registering again gives the same id, under the subjects of the topic", async () => {
      const schema = JSON.stringify(FRAME_HEADER_SCHEMA);
      assertEquals(
        await connect().register(`${topic}-key`, schema),
        await connect().register(`${topic}-key`, schema),
      );
      const subjects: string[] = await (await fetch(`${server.url}/subjects`)).json();
      assertEquals(subjects.filter((subject) => subject.startsWith(topic)).sort(), [
        `${topic}-key`,
        `${topic}-value`,
      ]);
    });

    await t.step("a former version of a schema is resolved", async () => {
      const former = { ...FRAME_HEADER_SCHEMA, fields: [...FRAME_HEADER_SCHEMA.fields].reverse() };
      const writer = await avroSerde<FrameHeader>(former, { registry: connect() }).forTopic!(
        `${topic}-former`,
        "key",
      );
      const reader = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry: connect() });
      const bytes = encode(writer, HEADER);
      await (assertThrows(() => decode(reader, bytes), SchemaNotLoaded) as SchemaNotLoaded).load();
      assertEquals(decode(reader, bytes), HEADER);
    });

    await t.step(
      "Avro with references, JSON Schema and Protobuf are registered, and read by another",
      async () => {
        const money = { type: "record", name: "Money", fields: [{ name: "cents", type: "long" }] };
        await connect().register(`${topic}-money`, JSON.stringify(money));
        const order = { type: "record", name: "Order", fields: [{ name: "price", type: "Money" }] };
        const references = [{ name: "Money", subject: `${topic}-money`, version: 1, schema: money }];
        const avro = (registry: SchemaRegistry): Serde<unknown> => avroSerde(order, { registry, references });
        const json = (registry: SchemaRegistry): Serde<unknown> => jsonSchemaSerde(JSON_SCHEMA, { registry });
        const file =
          `syntax = "proto3"; message Unit {} message Order { Price price = 1; } message Price { int64 cents = 1; }`;
        const proto = [
          await protobufSerde<object>(file, "Order", { registry: connect() }),
          await protobufSerde<object>(file, "Order", { registry: connect() }),
        ];
        const value = { price: { cents: 5 } };
        for (
          const [name, writer, reader] of [
            ["avro", avro(connect()), avro(connect())],
            ["json", json(connect()), json(connect())],
            ["protobuf", ...proto],
          ] as [string, Serde<unknown>, Serde<unknown>][]
        ) {
          const bytes = encode(await bindSerde(writer, `${topic}-${name}`, "value"), value);
          assertEquals(await decodeLoaded(reader, bytes), value, name);
        }
      },
    );

    await t.step("an id that it does not have is a property of the record", async () => {
      const registry = connect();
      assertEquals(await registry.schemaById(987_654), undefined);
      const reader = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
      const bytes = Uint8Array.of(0, 0x00, 0x0f, 0x12, 0x06, 0);
      assertThrows(
        () => decode(reader, bytes),
        DeserializationError,
        "schema id 987654, which the registry at",
      );
    });

    await t.step("a schema that is none is refused", async () => {
      await assertRejects(
        () => connect().register(`${topic}-bad`, "{"),
        RegistryError,
        "received status 422",
      );
    });

    await t.step("a wrong path is told apart from a schema that is missing", async () => {
      const wrong = new SchemaRegistry(new URL("/apis/none", server.url).href);
      await assertRejects(() => wrong.schemaById(1), RegistryError, "Apicurio's ends in /apis/ccompat/v7");
    });

    await t.step("an incompatible version is refused with the remedy", async () => {
      const subject = `${topic}-strict`;
      const registry = connect();
      const body = JSON.stringify({ compatibility: "BACKWARD" });
      await registry.register(subject, '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}');
      const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
      const answer = await fetch(`${server.url}/config/${subject}`, { method: "PUT", body, headers });
      assert(answer.ok, await answer.text());
      await assertRejects(
        () => registry.register(subject, '{"type":"record","name":"R","fields":[{"name":"b","type":"int"}]}'),
        RegistryError,
        "make the schema compatible",
      );
    });

    await t.step("when it is gone, the error says so within the time", async () => {
      await server.stop();
      const registry = new SchemaRegistry(server.url, { timeoutMs: 1_000 });
      const error = await assertRejects(() => registry.schemaById(1), RegistryError) as RegistryError;
      assertEquals(error.status, undefined);
      assert(error.message.includes("(tried 2 times); check that the registry runs"), error.message);
    });
  } finally {
    await server.stop();
  }
});
