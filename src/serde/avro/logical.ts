/**
 * Avro's [logical types](https://avro.apache.org/docs/1.12.0/specification/#logical-types): other values for
 * what an underlying type holds.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** How the values of one logical type are made of those of its underlying type. */
export interface LogicalConversion {
  /** The value that is read; what it throws is why the record does not decode. */
  // deno-lint-ignore no-explicit-any -- conversions of any types stand side by side
  fromAvro(underlying: any): unknown;
  /** What is written; it throws what is wrong with the value. */
  // deno-lint-ignore no-explicit-any -- conversions of any types stand side by side
  toAvro(value: any): unknown;
}

/**
 * What is written for a value of a logical type; it throws what is wrong with the value.
 *
 * @param kind The underlying type's.
 */
export function toUnderlying(conversion: LogicalConversion, kind: string, value: unknown): unknown {
  const underlying = conversion.toAvro(value);
  return kind === "bigint" && typeof underlying === "number" ? BigInt(underlying) : underlying;
}

/**
 * A logical type: its conversion for a schema's attributes, such as `{ type: "bytes", precision: 9, scale: 2
 * }`; `undefined` where they are no valid ones, and the underlying type's values are used.
 */
export type LogicalType = (attributes: Readonly<Record<string, unknown>>) => LogicalConversion | undefined;

/** Logical types by their names. */
export type LogicalTypes = Readonly<Record<string, LogicalType>>;

const DAY_MS = 86_400_000;

/**
 * Avro's logical types that JavaScript has values for: `date`, `timestamp-millis` and
 * `local-timestamp-millis` are a `Date` (a day is its midnight, local times are as if of UTC), `decimal` is
 * its digits as a string, such as `"-12.50"`, exact whatever its precision. A `uuid` is a string without them
 * too, a time of day its number.
 *
 * @example
 * ```ts
 * import { avroLogicalTypes, avroSerde, EncodeBuffer } from "../mod.ts";
 *
 * const schema = { type: "long", logicalType: "timestamp-millis" };
 * const at = avroSerde<Date>(schema, { logicalTypes: avroLogicalTypes });
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(at, new Date(0), 0);
 * console.log(at.decode(buffer.bytes, 0, end).toISOString()); // 1970-01-01T00:00:00.000Z
 * ```
 */
export const avroLogicalTypes: LogicalTypes = {
  "date": ({ type }) => type === "int" ? timeOf(DAY_MS) : undefined,
  "timestamp-millis": ({ type }) => type === "long" ? timeOf(1) : undefined,
  "local-timestamp-millis": ({ type }) => type === "long" ? timeOf(1) : undefined,
  "decimal": decimal,
};

/** A time as a number of so many milliseconds since the epoch. */
function timeOf(unitMs: number): LogicalConversion {
  return {
    fromAvro(units: number | bigint) {
      const date = new Date(Number(units) * unitMs);
      if (Number.isNaN(date.getTime())) throw new RangeError(`a Date can't hold ${units}`);
      return date;
    },
    toAvro(value: unknown) {
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
        throw new TypeError("allowed is a valid Date");
      }
      return Math.floor(value.getTime() / unitMs);
    },
  };
}

function decimal(
  { type, precision, scale = 0, size }: Readonly<Record<string, unknown>>,
): LogicalConversion | undefined {
  if (type !== "bytes" && type !== "fixed") return undefined;
  if (!isCount(precision) || precision === 0 || !isCount(scale) || scale > precision) return undefined;
  const limit = 10n ** BigInt(precision);
  return {
    fromAvro(bytes: Uint8Array) {
      const unscaled = bigintOf(bytes);
      // Else it could be read and not be written again, which ends the application.
      if (unscaled >= limit || unscaled <= -limit) {
        throw new RangeError(`a decimal has up to ${precision} digits`);
      }
      return decimalText(unscaled, scale);
    },
    toAvro(value: unknown) {
      const unscaled = unscaledOf(value, scale);
      if (unscaled === undefined || unscaled >= limit || unscaled <= -limit) {
        throw new TypeError(`allowed is a string of up to ${precision} digits, ${scale} of them decimals`);
      }
      return bytesOf(unscaled, typeof size === "number" ? size : undefined);
    },
  };
}

/** More digits than these are of no use, and would take long. */
const MOST_DIGITS = 1_000;

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_DIGITS;
}

/**
 * The whole number that a decimal is at its scale; `undefined` when the text is none, or has more decimals.
 */
function unscaledOf(value: unknown, scale: number): bigint | undefined {
  const parts = typeof value === "string" ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(value) : null;
  if (parts === null || parts[0].length > 2 * MOST_DIGITS) return undefined;
  const decimals = parts[3] ?? "";
  if (decimals.length > scale) return undefined;
  const magnitude = BigInt(parts[2]! + decimals.padEnd(scale, "0"));
  return parts[1] === "-" ? -magnitude : magnitude;
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = unscaled < 0n ? "-" : "";
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
}

/** Two's complement, big-endian. */
function bigintOf(bytes: Uint8Array): bigint {
  if (bytes.length > MOST_DIGITS) throw new RangeError(`a decimal of ${bytes.length} bytes is too long`);
  if (bytes.length === 0) return 0n;
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`));
}

/** Two's complement, big-endian: in as few bytes as hold it, or in `size`. */
function bytesOf(value: bigint, size: number | undefined): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  if (size !== undefined && length > size) throw new TypeError(`allowed is what ${size} bytes hold`);
  const bytes = new Uint8Array(size ?? length);
  let rest = value;
  for (let i = bytes.length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
