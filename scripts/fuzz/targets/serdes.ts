import { assertEquals } from "@std/assert";
import {
  bindSerde,
  booleanSerde,
  bytesSerde,
  DeserializationError,
  float32Serde,
  float64Serde,
  int16Serde,
  int32Serde,
  int64Serde,
  jsonSchemaSerde,
  jsonSerde,
  listSerde,
  SchemaRegistry,
  type Serde,
  stringSerde,
  uuidSerde,
} from "../../../src/serde/mod.ts";
import { sessionWindowedSerde, windowedSerde } from "../../../src/engine/mod.ts";
import { joined } from "../mutations.ts";
import { encoded, refused } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

const registry = new SchemaRegistry("http://registry.test", {
  fetch: () => Promise.resolve(Response.json({ id: 7 })),
});

/** A serde and a value of it; the input's first byte chooses one. */
const SERDES: readonly (readonly [serde: Serde<unknown>, value: unknown])[] = await Promise.all([
  made(stringSerde(), "kos \u{1f451}"),
  made(bytesSerde(), Uint8Array.of(1, 2)),
  made(booleanSerde(), true),
  made(int16Serde(), -2),
  made(int32Serde(), 2 ** 31 - 1),
  made(int64Serde(), -(2 ** 50)),
  made(float32Serde(), 0.5),
  made(float64Serde(), 1e300),
  made(uuidSerde(), "123e4567-e89b-42d3-a456-426614174000"),
  made(jsonSerde<unknown>(), { a: [1, "x", null] }),
  made(jsonSchemaSerde<unknown>({ type: "object" }, { registry }), { a: 1 }),
  made(listSerde(int32Serde()), [1, null, 3]),
  made(listSerde(stringSerde()), ["a", null, ""]),
  made(listSerde(listSerde(uuidSerde())), [[], null]),
  made(windowedSerde(stringSerde(), 1_000), undefined),
  made(sessionWindowedSerde(stringSerde()), undefined),
]);

async function made<T>(serde: Serde<T>, value: T | undefined): Promise<readonly [Serde<unknown>, unknown]> {
  return [await bindSerde(serde, "topic", "value") as Serde<unknown>, value];
}

/** Serdes of one type each, and of windowed keys: what is read is written again as a value that is the same. */
export const SERDES_TARGET: FuzzTarget = {
  name: "serdes",
  refusals: [],
  seeds: () =>
    SERDES.map(([serde, value], i) =>
      joined(
        Uint8Array.of(i),
        value === undefined
          ? Uint8Array.from({ length: 18 }, (_, at) => at % 8 < 3 ? 0 : 65)
          : encoded(serde, value),
      )
    ),
  run(input) {
    const [serde] = SERDES[(input[0] ?? 0) % SERDES.length]!;
    let value: unknown;
    try {
      // Amid other bytes, as records have them.
      value = serde.decode(joined(input, Uint8Array.of(99)), 1, input.length);
    } catch (error) {
      refused(error, (error) => error instanceof DeserializationError);
      return;
    }
    const again = encoded(serde, value);
    if (holdsInfinity(value)) return;
    assertEquals(serde.decode(again, 0, again.length), value, "what was written again is another value");
  },
};

/** Whether it holds a number beyond those of doubles, which is read as Infinity: JSON can't write that. */
function holdsInfinity(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) === Infinity;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsInfinity);
}
