/**
 * Avro schemas, parsed by [avsc](https://github.com/mtth/avsc) and turned into plain nodes for the readers
 * and writers that are compiled from them.
 *
 * @module
 */
// Not its index, which also loads Node's file system, streams and services for parts that are not used here.
import avsc from "avsc/lib/types.js";

/** An Avro schema as JSON: a name, a union's array or an object. */
export type AvroSchema = string | readonly unknown[] | object;

/** The kinds of primitive types. */
export type PrimitiveKind = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

/** A parsed type. Recursive schemas make cyclic nodes. */
export type AvroNode =
  | { readonly kind: PrimitiveKind }
  | NamedNode & { readonly kind: "fixed"; readonly size: number }
  | EnumNode
  | { readonly kind: "array"; readonly items: AvroNode }
  | { readonly kind: "map"; readonly values: AvroNode }
  | { readonly kind: "union"; readonly branches: readonly AvroNode[] }
  | RecordNode;

/** What named types have in common. */
export interface NamedNode {
  /** The name with its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
}

/** An enum. */
export interface EnumNode extends NamedNode {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  /** Stands in for a writer's symbol that the reader does not know. */
  readonly default: string | undefined;
}

/** A record. */
export interface RecordNode extends NamedNode {
  readonly kind: "record";
  readonly fields: readonly FieldNode[];
}

/** A record's field. */
export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroNode;
  /** The default value in Avro's binary encoding. */
  readonly default: Uint8Array | undefined;
}

/** A schema that was parsed. */
export interface ParsedSchema {
  /** The schema as it was given, as JSON. */
  readonly text: string;
  /** The schema's Parsing Canonical Form ({@linkcode parseSchema}). */
  readonly canonical: string;
  /** For messages: the type's name without its namespace, or its kind. */
  readonly name: string;
  readonly node: AvroNode;
}

/** The part of avsc's types that is used here; its own declarations leave most of it out. */
interface AvscType {
  typeName: string;
  name?: string;
  aliases?: string[];
  size: number;
  symbols: string[];
  default?: string;
  itemsType: AvscType;
  valuesType: AvscType;
  types: AvscType[];
  fields: { name: string; aliases: string[]; type: AvscType; defaultValue(): unknown }[];
  schema(): unknown;
  toBuffer(value: unknown): Uint8Array;
}

/**
 * Parses a schema and brings it into its [Parsing Canonical
 * Form](https://avro.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas).
 *
 * @param schema JSON, as text or already parsed.
 * @throws {TypeError} When it is no valid schema, saying why.
 */
export function parseSchema(schema: AvroSchema): ParsedSchema {
  let type: AvscType;
  let json: unknown = schema;
  try {
    // A bare name such as "long" is a schema, but no JSON text.
    if (typeof schema === "string" && /^\s*["{[]/.test(schema)) json = JSON.parse(schema);
    // Logical types are left out: their underlying types are what is read and written.
    type = avsc.Type.forSchema(structuredClone(json) as never) as unknown as AvscType;
  } catch (error) {
    const received = abbreviate(typeof schema === "string" ? schema : JSON.stringify(schema));
    throw new TypeError(`Cannot use as an Avro schema: received ${received}; ${messageOf(error)}`, {
      cause: error,
    });
  }
  const name = type.name?.split(".").pop() ?? type.typeName.split(":")[0]!;
  return {
    text: JSON.stringify(json),
    canonical: JSON.stringify(type.schema()),
    name,
    node: nodeOf(type, new Map()),
  };
}

function nodeOf(type: AvscType, known: Map<AvscType, AvroNode>): AvroNode {
  const before = known.get(type);
  if (before) return before;
  const named = { name: type.name ?? "", aliases: type.aliases ?? [] };
  // Nodes are known before their parts are made, so that a recursive type finds itself.
  const add = <N extends AvroNode>(node: N): N => {
    known.set(type, node);
    return node;
  };
  switch (type.typeName) {
    case "fixed":
      return add({ kind: "fixed", ...named, size: type.size });
    case "enum":
      return add({ kind: "enum", ...named, symbols: type.symbols, default: type.default });
    case "array": {
      const node = add({ kind: "array", items: UNSET });
      node.items = nodeOf(type.itemsType, known);
      return node;
    }
    case "map": {
      const node = add({ kind: "map", values: UNSET });
      node.values = nodeOf(type.valuesType, known);
      return node;
    }
    case "union:wrapped":
    case "union:unwrapped": {
      const branches: AvroNode[] = [];
      const node = add({ kind: "union", branches });
      for (const branch of type.types) branches.push(nodeOf(branch, known));
      return node;
    }
    case "record":
    case "error": {
      const fields: FieldNode[] = [];
      const node = add({ kind: "record", ...named, fields });
      for (const field of type.fields) {
        const value = field.defaultValue();
        fields.push({
          name: field.name,
          aliases: field.aliases,
          type: nodeOf(field.type, known),
          default: value === undefined ? undefined : Uint8Array.from(field.type.toBuffer(value)),
        });
      }
      return node;
    }
    default:
      return add({ kind: type.typeName as PrimitiveKind });
  }
}

const UNSET: AvroNode = { kind: "null" };

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Text short enough for a message. */
export function abbreviate(text: string, length = 120): string {
  return text.length <= length ? text : text.slice(0, length - 1) + "…";
}
