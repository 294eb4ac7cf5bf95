/**
 * The parts of `values.schema.json` that are said elsewhere: what a flag's parser takes, and what values.yaml says of
 * a value.
 *
 * @module
 */
import { defaultOf } from "../../src/cli/program.ts";
import type { ValueDoc } from "./docs.ts";
import { type ValueFlag, valueFlags } from "./flags.ts";

/** A JSON Schema of an object, or of what is in it. */
export type Schema = Record<string, unknown> & { properties?: Record<string, Schema> };

/**
 * The schema with what the flags take and the values' descriptions in it. What neither says stays as it was.
 *
 * @throws {Error} When a flag has no value, or a value no schema.
 */
export function generatedSchema(
  before: Schema,
  flags: readonly ValueFlag[],
  docs: readonly ValueDoc[],
): Schema {
  const schema = structuredClone(before);
  for (const { path, flag, orZero = false } of flags) {
    const takes = flag.parse.schema;
    const optional = defaultOf(flag) === undefined;
    if (takes === undefined) continue;
    replace(schema, path, orZero ? { ...takes, minimum: 0 } : optional ? orNull(takes) : { ...takes });
  }
  for (const { path, description } of docs) {
    const at = schemaAt(schema, path.split("."));
    if (at !== undefined && description !== "") at.description = description;
  }
  return schema;
}

/** The text of `values.schema.json`, by what it was. @throws {Error} When a flag has no place in it. */
export function schemaFile(before: string, docs: readonly ValueDoc[]): string {
  return JSON.stringify(generatedSchema(JSON.parse(before), valueFlags(), docs), undefined, 2) + "\n";
}

/** Puts a schema where the value has its own, or none yet. */
function replace(schema: Schema, path: readonly string[], by: Schema): void {
  const parent = schemaAt(schema, path.slice(0, -1));
  if (parent?.properties === undefined) {
    throw new Error(`Cannot write values.schema.json: received no schema of ${path.slice(0, -1).join(".")}`);
  }
  parent.properties[path.at(-1)!] = by;
}

/** The schema of a value, where the schema has it as a property and not by a reference. */
function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
}

/** A flag without a default may be left to the program. */
function orNull(takes: Schema): Schema {
  return { ...takes, type: [takes.type, "null"] };
}
