/**
 * Says whether a value is of an Avro type and where it is not. Off the hot path: asked when a writer refused
 * a value, and to choose among a union's branches.
 *
 * @module
 */
import { messageOf, shown } from "../text.ts";
import { type LogicalConversion, toUnderlying } from "./logical.ts";
import type { AvroNode } from "./node.ts";

/** Whether the value can be written as the type. */
export function accepts(node: AvroNode, value: unknown): boolean {
  return findInvalid(node, value, "") === undefined;
}

/**
 * Where a value is not of its type and what was received there, such as
 * `hits[2].level: received "God"; allowed are Pro, Inter`; `undefined` when all of it is.
 */
export function findInvalid(node: AvroNode, value: unknown, path: string): string | undefined {
  const refuse = (allowed: string): string =>
    `${path ? `${path}: ` : ""}received ${shown(value)}; allowed is ${allowed}`;
  if (node.logical) return findInvalidLogical(node, node.logical, value, path);
  switch (node.kind) {
    case "null":
      return value === null ? undefined : refuse("null");
    case "boolean":
      return typeof value === "boolean" ? undefined : refuse("a boolean");
    case "int":
      return isInt32(value) ? undefined : refuse("a whole number of 32 bits");
    case "long":
      return Number.isSafeInteger(value) ? undefined : refuse("a whole number up to 2^53 - 1 either way");
    case "bigint":
      return isInt64(value) ? undefined : refuse("a bigint of 64 bits");
    case "float":
    case "double":
      return typeof value === "number" ? undefined : refuse("a number");
    case "string":
      return typeof value === "string" ? undefined : refuse("a string");
    case "bytes":
      return value instanceof Uint8Array ? undefined : refuse("a Uint8Array");
    case "fixed":
      return value instanceof Uint8Array && value.length === node.size
        ? undefined
        : refuse(`a Uint8Array of ${node.size} bytes`);
    case "enum":
      return node.symbols.includes(value as string) ? undefined : refuse(`one of ${node.symbols.join(", ")}`);
    case "array":
      if (!Array.isArray(value)) return refuse("an array");
      return first(value.entries(), ([i, item]) => findInvalid(node.items, item, `${path}[${i}]`));
    case "map":
      if (!isObject(value)) return refuse("an object");
      return first(
        Object.entries(value),
        ([key, item]) => findInvalid(node.values, item, `${path}[${JSON.stringify(key)}]`),
      );
    case "union": {
      const fits = node.branches.some((branch) => accepts(branch, value));
      if (fits) return undefined;
      // With one branch besides null, what is wrong is wrong with that.
      const others = node.branches.filter(({ kind }) => kind !== "null");
      if (others.length === 1 && value !== null) {
        const inner = findInvalid(others[0]!, value, path);
        return others.length < node.branches.length && inner?.startsWith(refuse(""))
          ? `${inner} or null`
          : inner;
      }
      return refuse(`one of ${node.branches.map(({ kind }) => kind).join(", ")}`);
    }
    case "record":
      if (!isObject(value)) return refuse("an object");
      return first(node.fields, (field) => {
        const item = value[field.name];
        if (item === undefined && field.default) return undefined;
        return findInvalid(field.type, item, path ? `${path}.${field.name}` : field.name);
      });
  }
}

/**
 * What is wrong with a value of a logical type: that it has no form in Avro, or what is wrong with that form.
 */
function findInvalidLogical(
  node: AvroNode,
  logical: LogicalConversion,
  value: unknown,
  path: string,
): string | undefined {
  try {
    return findInvalid({ ...node, logical: undefined }, toUnderlying(logical, node.kind, value), path);
  } catch (error) {
    return `${path ? `${path}: ` : ""}received ${shown(value)}; ${messageOf(error)}`;
  }
}

/** Whether a value is a whole number of 32 bits with a sign. Operators of bits throw at a bigint. */
export function isInt32(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** Whether a value is a bigint of 64 bits with a sign. */
export function isInt64(value: unknown): value is bigint {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}

function first<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a value is an object with properties, and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
