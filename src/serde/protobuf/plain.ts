/**
 * Messages as plain objects, and back. Every value is checked: protobufjs would take `"7 apples"` for 7.
 *
 * @module
 */
import type { Enum, Field, Long, MapField, Type } from "protobufjs";
import { isInt32, isInt64, isObject } from "../avro/validate.ts";
import { shown } from "../text.ts";
import { DeserializationError } from "../serde.ts";
import type { Protobuf } from "./proto_file.ts";

/** What holds a number of 64 bits. */
export type Longs = "number" | "bigint";

/** Makes plain objects of the messages of a type. */
export function plainReader(protobuf: Protobuf, longs: Longs): (type: Type, message: object) => unknown {
  const options = { enums: String, defaults: true, longs: longs === "bigint" ? BigInt : undefined };
  return (type, message) => {
    const plain = type.toObject(message as never, options);
    mendBytes(protobuf, type, plain);
    return longs === "bigint" ? plain : withNumbers(protobuf, plain);
  };
}

/**
 * Puts bytes in the place of the list that the library makes of a map's value that was not written, as its
 * default.
 */
function mendBytes(protobuf: Protobuf, type: Type, plain: Readonly<Record<string, unknown>>): void {
  for (const field of fieldsWithBytes(protobuf, type)) {
    const value = plain[field.name];
    if (typeof value !== "object" || value === null) continue;
    if (field.resolvedType instanceof protobuf.Type) {
      for (const each of field.repeated || field.map ? Object.values(value) : [value]) {
        mendBytes(protobuf, field.resolvedType, each as Record<string, unknown>);
      }
      continue;
    }
    for (const [key, bytes] of Object.entries(value)) {
      if (!(bytes instanceof Uint8Array)) {
        Object.defineProperty(value, key, {
          value: new Uint8Array(0),
          writable: true,
          enumerable: true,
          configurable: true,
        });
      }
    }
  }
}

const WITH_BYTES = new WeakMap<Type, readonly Field[]>();

/** The fields of a type that are maps to bytes, or lead to some; found once a type. */
function fieldsWithBytes(protobuf: Protobuf, type: Type): readonly Field[] {
  const before = WITH_BYTES.get(type);
  if (before !== undefined) return before;
  const found = type.fieldsArray.filter((field) => leadsToBytes(protobuf, field.resolve(), new Set()));
  WITH_BYTES.set(type, found);
  return found;
}

function leadsToBytes(protobuf: Protobuf, field: Field, seen: Set<Type>): boolean {
  const { resolvedType } = field;
  if (!(resolvedType instanceof protobuf.Type)) return field.map && field.type === "bytes";
  if (seen.has(resolvedType)) return false;
  seen.add(resolvedType);
  return resolvedType.fieldsArray.some((each) => leadsToBytes(protobuf, each.resolve(), seen));
}

/** Puts numbers in the place of the library's longs, which are none that the caller could calculate with. */
function withNumbers(protobuf: Protobuf, value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (value instanceof protobuf.util.Long) return numberOf(value);
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    // Only objects change, and assigning to __proto__ would change what the value is.
    if (typeof object[key] === "object" && Object.hasOwn(object, key)) {
      const value = withNumbers(protobuf, object[key]);
      if (value !== object[key]) {
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      }
    }
  }
  return object;
}

function numberOf({ low, high, unsigned }: Long): number {
  const number = (unsigned ? high >>> 0 : high) * 0x1_0000_0000 + (low >>> 0);
  if (Number.isSafeInteger(number)) return number;
  throw new DeserializationError(`about ${number} is beyond 2^53 - 1, which a number can't hold exactly`);
}

/** Makes of plain objects what the encoder takes, and throws what is wrong with one. */
export class PlainWriter {
  readonly #protobuf: Protobuf;

  constructor(protobuf: Protobuf) {
    this.#protobuf = protobuf;
  }

  /**
   * A message's fields as the encoder takes them.
   *
   * @throws {TypeError} When a value is not of its field's type, such as
   * `items[2].amount: received "7"; allowed is a whole number of 32 bits`.
   */
  message(type: Type, value: unknown, path: string): Record<string, unknown> {
    if (!isObject(value)) throw wrong(path, value, "an object");
    const fields: Record<string, unknown> = {};
    for (const field of type.fieldsArray) {
      const item = value[field.name];
      const at = path ? `${path}.${field.name}` : field.name;
      if (item !== undefined && item !== null) {
        const encoded = this.#field(field.resolve(), item, at);
        // As in other languages: a field without presence is not written with its default, so that equal keys
        // are equal bytes.
        if (field.hasPresence || !this.#isDefault(field, encoded)) fields[field.name] = encoded;
      } else if (field.required) {
        throw wrong(at, item, "a value, as it is required");
      }
    }
    return fields;
  }

  #isDefault(field: Field, encoded: unknown): boolean {
    if (field.repeated || field.map || field.resolvedType instanceof this.#protobuf.Type) return false;
    if (typeof encoded !== "object") return Object.is(encoded, 0) || encoded === "" || encoded === false;
    // Bytes, or a number of 64 bits.
    return encoded instanceof Uint8Array
      ? encoded.length === 0
      : (encoded as Long).low === 0 && (encoded as Long).high === 0;
  }

  #field(field: Field, value: unknown, path: string): unknown {
    if (field.repeated) {
      if (!Array.isArray(value)) throw wrong(path, value, "an array");
      return value.map((item, i) => this.#single(field, item, `${path}[${i}]`));
    }
    if (!field.map) return this.#single(field, value, path);
    if (!isObject(value)) throw wrong(path, value, "an object");
    const { keyType } = field as unknown as MapField;
    const entries = Object.entries(value).map(([key, item]) => {
      if (!isKey(keyType, key)) throw wrong(path, key, `a key that is ${SCALARS[keyType]![0]}`);
      return [key, this.#single(field, item, `${path}[${JSON.stringify(key)}]`)];
    });
    return Object.fromEntries(entries);
  }

  #single(field: Field, value: unknown, path: string): unknown {
    const { resolvedType } = field;
    if (resolvedType instanceof this.#protobuf.Type) return this.message(resolvedType, value, path);
    if (resolvedType instanceof this.#protobuf.Enum) return symbol(resolvedType, value, path);
    const [allowed, accepts] = SCALARS[field.type]!;
    if (!accepts(value)) throw wrong(path, value, allowed);
    return typeof value === "bigint" ? longOf(value) : value;
  }
}

/** A number of 64 bits as the encoder takes it. */
function longOf(value: bigint): Long {
  const low = Number(BigInt.asIntN(32, value));
  return { low, high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: value >= 0n };
}

type Scalar = readonly [allowed: string, accepts: (value: unknown) => boolean];

const INT32: Scalar = ["a whole number of 32 bits", isInt32];
const UINT32: Scalar = [
  "a whole number of 32 bits without a sign",
  (value) => typeof value === "number" && (value >>> 0) === value,
];
const INT64: Scalar = [
  "a whole number up to 2^53 - 1 either way, or a bigint of 64 bits",
  (value) => Number.isSafeInteger(value) || isInt64(value),
];
const UINT64: Scalar = [
  "a whole number from 0 to 2^53 - 1, or a bigint of 64 bits without a sign",
  (value) =>
    typeof value === "bigint"
      ? BigInt.asUintN(64, value) === value
      : Number.isSafeInteger(value) && (value as number) >= 0,
];
const NUMBER: Scalar = ["a number", (value) => typeof value === "number"];

const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: INT32,
  sint32: INT32,
  sfixed32: INT32,
  uint32: UINT32,
  fixed32: UINT32,
  int64: INT64,
  sint64: INT64,
  sfixed64: INT64,
  uint64: UINT64,
  fixed64: UINT64,
  float: NUMBER,
  double: NUMBER,
  bool: ["a boolean", (value) => typeof value === "boolean"],
  string: ["a string", (value) => typeof value === "string"],
  bytes: ["a Uint8Array", (value) => value instanceof Uint8Array],
};

/** Whether the name of a property stands for a key of that type: the encoder makes 0 or false of others. */
function isKey(type: string, key: string): boolean {
  if (type === "string") return true;
  if (type === "bool") return key === "true" || key === "false";
  if (!/^(0|-?[1-9]\d{0,19})$/.test(key)) return false;
  const number = type.endsWith("64") ? BigInt(key) : Number(key);
  return SCALARS[type]![1](number);
}

function symbol(type: Enum, value: unknown, path: string): number {
  const number = typeof value === "string" && Object.hasOwn(type.values, value) ? type.values[value] : value;
  // A number is what is read of a symbol that the reader does not know.
  if (isInt32(number)) return number;
  throw wrong(path, value, `one of ${Object.keys(type.values).join(", ")}`);
}

function wrong(path: string, value: unknown, allowed: string): TypeError {
  return new TypeError(`${path ? `${path}: ` : ""}received ${shown(value)}; allowed is ${allowed}`);
}
