import { assertEquals } from "@std/assert";
import { DIRECTIONS, GAMES, IMPACT_TYPES, KEYS, LEVELS, ZONES } from "../../src/game/hit.ts";
import {
  FRAME_BODY_SCHEMA,
  FRAME_HEADER_SCHEMA,
  GAME_ACTION_SCHEMA,
  GAME_SESSION_SCHEMA,
  HIT_SCHEMA,
  type RecordSchema,
} from "../../src/game/schemas.ts";

const enumOf = (name: string, symbols: readonly string[]) => ({ type: "enum", name, symbols });
const bare = (schema: RecordSchema) => ({
  ...schema,
  doc: "",
  fields: schema.fields.map(({ name, type }) => ({ name, type })),
});
const record = (name: string, fields: { name: string; type: unknown }[]) => ({
  type: "record",
  name,
  namespace: "fr.xebia.ldi.common.schema",
  doc: "",
  fields,
});

Deno.test("the schemas are the original's, symbol for symbol", () => {
  assertEquals(
    bare(FRAME_HEADER_SCHEMA) as unknown,
    record("FrameHeader", [
      { name: "ts", type: "long" },
      { name: "machine", type: "string" },
      { name: "zone", type: enumOf("Zone", ["EU", "US", "ZG", "AU"]) },
    ]),
  );
  assertEquals(
    bare(FRAME_BODY_SCHEMA) as unknown,
    record("FrameBody", [
      { name: "approval", type: ["null", "boolean"] },
      { name: "bytes", type: { type: "array", items: "string" } },
    ]),
  );
  assertEquals(
    bare(HIT_SCHEMA) as unknown,
    record("Hit", [
      { name: "impact", type: "int" },
      { name: "key", type: enumOf("Key", ["X", "O"]) },
      { name: "doubleKey", type: ["null", "Key"] },
      { name: "direction", type: ["null", enumOf("Direction", ["UP", "DOWN", "RIGHT", "LEFT"])] },
      {
        name: "impactType",
        type: enumOf("ImpactType", ["Fatal", "Critical", "Special", "Direct", "Missed"]),
      },
      { name: "level", type: enumOf("Level", ["Pro", "Inter", "NewBie"]) },
      {
        name: "game",
        type: enumOf("Game", [
          "Neowave",
          "NeoBlood",
          "HowlingBlood",
          "MaximumImpact",
          "HeatofBattleFromParadise",
        ]),
      },
    ]),
  );
  assertEquals(
    bare(GAME_ACTION_SCHEMA) as unknown,
    record("GameAction", [{ name: "game", type: "string" }, { name: "machine", type: "string" }]),
  );
});

Deno.test("GameSession holds the very schema of Hit", () => {
  assertEquals(
    bare(GAME_SESSION_SCHEMA) as unknown,
    record("GameSession", [{ name: "hits", type: { type: "array", items: HIT_SCHEMA } }]),
  );
});

Deno.test("the symbols known to the code are the schemas', in their order", () => {
  const symbols = (schema: RecordSchema, field: string): unknown => {
    const type = schema.fields.find(({ name }) => name === field)!.type;
    return (Array.isArray(type) ? type[1] : type).symbols;
  };
  assertEquals(symbols(FRAME_HEADER_SCHEMA, "zone"), ZONES);
  assertEquals(symbols(HIT_SCHEMA, "key"), KEYS);
  assertEquals(symbols(HIT_SCHEMA, "direction"), DIRECTIONS);
  assertEquals(symbols(HIT_SCHEMA, "impactType"), IMPACT_TYPES);
  assertEquals(symbols(HIT_SCHEMA, "level"), LEVELS);
  assertEquals(symbols(HIT_SCHEMA, "game"), GAMES);
});
