import { shown } from "../text.ts";

/** The types that an object of a schema is of. */
const TYPES: ReadonlySet<unknown> = new Set([
  ..."null boolean int long float double bytes string".split(" "),
  ..."record error request enum fixed array map".split(" "),
]);

/**
 * Checks that each part of a schema is a text, a number or a list where that has to be one, as the parser
 * takes them for such without looking.
 *
 * @returns The schema.
 * @throws {TypeError} When a part is something else, saying which.
 */
export function checkShape(schema: unknown): unknown {
  if (typeof schema === "string") return schema;
  if (Array.isArray(schema)) {
    for (const branch of schema) checkShape(branch);
    return schema;
  }
  if (!isObject(schema)) throw wrong("a type", "a name, a list or an object", schema);
  const { type, name = "", namespace, aliases, symbols, size, fields } = schema;
  if (!TYPES.has(type)) throw wrong("the type of an object", [...TYPES].join(", "), type);
  if (typeof name !== "string") throw wrong("a type's name", "a text", name);
  if (typeof (namespace ?? "") !== "string") throw wrong("a namespace", "a text", namespace);
  if (!areTexts(aliases ?? [])) throw wrong("aliases", "a list of texts", aliases);
  if (type === "enum" && !areTexts(symbols)) throw wrong("an enum's symbols", "a list of texts", symbols);
  if (type === "fixed" && !(Number.isSafeInteger(size) && (size as number) >= 0)) {
    throw wrong("a fixed's size", "a number of bytes", size);
  }
  if (type === "array") checkShape(schema.items);
  if (type === "map") checkShape(schema.values);
  if (type === "record" || type === "error" || type === "request") checkFields(fields);
  return schema;
}

function checkFields(fields: unknown): void {
  if (!Array.isArray(fields)) throw wrong("a record's fields", "a list", fields);
  for (const field of fields as unknown[]) {
    if (!isObject(field)) throw wrong("a field", "an object", field);
    if (typeof field.name !== "string") throw wrong("a field's name", "a text", field.name);
    if (!areTexts(field.aliases ?? [])) throw wrong("a field's aliases", "a list of texts", field.aliases);
    checkShape(field.type);
  }
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function wrong(part: string, allowed: string, received: unknown): TypeError {
  return new TypeError(`${part} is ${shown(received)}; allowed is ${allowed}`);
}
