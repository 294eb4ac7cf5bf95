/**
 * Avro schemas as JSON, before anything is made of them.
 *
 * @module
 */
import { checkLength, checkNesting } from "../text.ts";

/** A schema that nests deeper is refused: it was made to take memory and time. */
const MOST_LEVELS = 400;
/** A field takes three, a symbol one. */
const MOST_PARTS = 40_000;
/** Each takes its parser as long as many fields, and as much memory. */
const MOST_RECORDS = 1_000;

/**
 * A schema's JSON, as a copy.
 *
 * @param schema JSON, as text or already parsed.
 * @throws {SyntaxError} When it is a text that is no JSON.
 * @throws {RangeError} When it is too long or nests too deep.
 */
export function parseSchemaJson(schema: unknown): unknown {
  // A bare name such as "long" is a schema, but no JSON text.
  const isText = typeof schema === "string" && /^\s*["{[]/.test(schema);
  if (typeof schema === "string" && !isText) return schema;
  const text = isText ? schema as string : JSON.stringify(schema);
  checkLength(text);
  checkNesting(text, MOST_LEVELS, MOST_PARTS);
  return JSON.parse(text);
}

/**
 * How many records a schema has that was parsed from JSON.
 *
 * @param before How many those have that it refers to.
 * @throws {RangeError} When there are too many in all.
 */
export function countRecords(json: unknown, before: number): number {
  if (typeof json !== "object" || json === null) return before;
  let count = before;
  if ("fields" in json && ++count > MOST_RECORDS) {
    throw new RangeError(`it has more than ${MOST_RECORDS} records`);
  }
  for (const part of Object.values(json)) count = countRecords(part, count);
  return count;
}

/** What of a schema says how its values are laid out. */
const LAYOUT = ["name", "namespace", "type", "symbols", "size"];

/** A schema with that alone. */
export function writtenWith(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(writtenWith);
  if (typeof json !== "object" || json === null) return json;
  const schema = json as Record<string, unknown>;
  const written: Record<string, unknown> = {};
  for (const key of LAYOUT) if (key in schema) written[key] = schema[key];
  // A type around a type is the same as the inner one.
  if (typeof written.type === "object") return writtenWith(written.type);
  for (const key of ["items", "values"]) if (key in schema) written[key] = writtenWith(schema[key]);
  if (Array.isArray(schema.fields)) written.fields = schema.fields.map(fieldWrittenWith);
  return written;
}

function fieldWrittenWith(field: unknown): unknown {
  if (typeof field !== "object" || field === null) return field;
  const { name, type } = field as Record<string, unknown>;
  return { name, type: writtenWith(type) };
}
