import { decodeUtf8, encodeUtf8, notOfType } from "./bytes.ts";
import { DeserializationError, type Serde, UnusableSchema } from "./serde.ts";
import { answered, standardCheck, type StandardSchema } from "./standard_schema.ts";
import { abbreviate, messageOf } from "./text.ts";

/**
 * JSON as UTF-8. What JSON leaves out or changes (undefined, functions, dates) comes back so.
 *
 * @param check Makes of what was parsed a value of the type, or says what is wrong with it, so that the
 * record does not decode: a schema of zod, valibot, ArkType or any other library of Standard Schema that
 * checks at once, or a function that throws. Default: what was parsed is taken as it is. Values are not
 * checked when they are written.
 *
 * @example
 * ```ts
 * import { jsonSerde } from "./json.ts";
 * import { EncodeBuffer } from "./serde.ts";
 *
 * const serde = jsonSerde<{ lives: number }>();
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(serde, { lives: 3 }, 0);
 * console.log(serde.decode(buffer.bytes, 0, end).lives); // 3
 * ```
 *
 * @example Checked by a library's schema
 * ```ts ignore
 * import { z } from "zod";
 *
 * const orders = jsonSerde(z.object({ id: z.string(), amount: z.number().positive() }));
 * ```
 */
export function jsonSerde<T>(check?: StandardSchema<T> | ((value: unknown) => T)): Serde<T> {
  const checked = checkOf(check);
  return {
    encode: encodeJson,
    decode(bytes, from, to) {
      const text = decodeUtf8(bytes, from, to, "JSON");
      try {
        return checked(JSON.parse(text));
      } catch (error) {
        if (error instanceof UnusableSchema) throw error;
        throw undecodable(text, error);
      }
    },
  };
}

function encodeJson(value: unknown, into: Uint8Array, at: number): number {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw notOfType("JSON", value, error);
  }
  if (text === undefined) throw notOfType("JSON", value);
  return encodeUtf8(text, into, at);
}

function checkOf<T>(check: StandardSchema<T> | ((value: unknown) => T) | undefined): (value: unknown) => T {
  if (check === undefined) return (value) => value as T;
  // Some libraries' schemas are functions as well.
  if ("~standard" in check) return standardCheck(check);
  return (value) => answered("the check", check(value));
}

function undecodable(text: string, error: unknown): DeserializationError {
  const received = abbreviate(text, 80) || "nothing";
  return new DeserializationError(`Cannot decode JSON: received ${received}; ${messageOf(error)}`, {
    cause: error,
  });
}
