/**
 * Avro schemas, parsed by [avsc](https://github.com/mtth/avsc) and turned into plain nodes for the readers
 * and writers that are compiled from them.
 *
 * @module
 */
// Not its index, which also loads Node's file system, streams and services for parts that are not used here.
import avsc from "avsc/lib/types.js";
import { Levels } from "./levels.ts";
import type { LogicalConversion, LogicalTypes } from "./logical.ts";
import type { AvroNode, FieldNode, PrimitiveKind } from "./node.ts";
import { countRecords, parseSchemaJson, writtenWith } from "./schema_json.ts";
import { checkShape } from "./schema_shape.ts";
import { abbreviate, messageOf } from "../text.ts";

/** An Avro schema as JSON: a name, a union's array or an object. */
export type AvroSchema = string | readonly unknown[] | object;

/** How a schema is parsed. */
export interface ParseOptions {
  /** Schemas that it names types of, each after those that it names itself. */
  readonly references?: readonly AvroSchema[] | undefined;
  /** The logical types whose values are others than the underlying type's. Default: none. */
  readonly logicalTypes?: LogicalTypes | undefined;
  /** What holds a long. Default: a number. */
  readonly longs?: "number" | "bigint" | undefined;
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
  fields: AvscField[];
  schema(): unknown;
  toBuffer(value: unknown): Uint8Array;
}

interface AvscField {
  name: string;
  aliases: string[];
  type: AvscType;
  defaultValue(): unknown;
}

/**
 * Parses a schema and brings it into its [Parsing Canonical
 * Form](https://avro.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas).
 *
 * @param schema JSON, as text or already parsed.
 * @throws {TypeError} When it is no valid schema, saying why.
 */
export function parseSchema(schema: AvroSchema, options: ParseOptions = {}): ParsedSchema {
  return parsed(schema, options, (json) => json);
}

/**
 * Parses the schema that values were written with, of which only their layout matters: what else is wrong
 * with it, such as a default value that is not of its field's type, keeps nobody from reading.
 *
 * @throws {TypeError} When it is no valid schema, saying why.
 */
export function parseWriterSchema(schema: AvroSchema, references?: readonly AvroSchema[]): ParsedSchema {
  return parsed(schema, { references }, writtenWith);
}

function parsed(
  schema: AvroSchema,
  { references = [], logicalTypes = {}, longs = "number" }: ParseOptions,
  prepare: (json: unknown) => unknown,
): ParsedSchema {
  const logical = new Map<AvscType, LogicalConversion>();
  // Without a prototype, whose properties would be types' names.
  const parser = { registry: Object.create(null), typeHook: logicalHook(logicalTypes, logical) };
  let type: AvscType;
  let json: unknown;
  try {
    let records = 0;
    const typeOf = (json: unknown): AvscType => {
      records = countRecords(json, records);
      return avsc.Type.forSchema(checkShape(prepare(json)) as never, parser as never) as unknown as AvscType;
    };
    for (const each of references) typeOf(parseSchemaJson(each));
    json = parseSchemaJson(schema);
    type = typeOf(json);
    // Before its canonical form, which is made as deep as the types are.
    const node = new Nodes(logical, longs === "bigint" ? "bigint" : "long").of(type);
    const name = type.name?.split(".").pop() ?? type.typeName.split(":")[0]!;
    return {
      text: JSON.stringify(json),
      canonical: JSON.stringify(type.schema()),
      name,
      node,
    };
  } catch (error) {
    const received = abbreviate(typeof schema === "string" ? schema : JSON.stringify(schema));
    throw new TypeError(`Cannot use as an Avro schema: received ${received}; ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * What is wrong, in words for who wrote the schema: of a default avsc tells how its own check broke, which it
 * does where the type has no fields yet.
 */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  const [, value] = /^incompatible field default (.*?) \(/s.exec(message) ?? [];
  if (value === undefined) return message;
  return `incompatible field default ${abbreviate(value)}: it is to be of the field's type, ` +
    "of a union's first branch";
}

/** Is called by avsc for each schema within a schema; notes the conversions of those with a logical type. */
function logicalHook(
  types: LogicalTypes,
  found: Map<AvscType, LogicalConversion>,
): (schema: unknown, parser: unknown) => AvscType | undefined {
  const begun = new Set<unknown>();
  return (schema, parser) => {
    const attributes = typeof schema === "object" ? schema as Record<string, unknown> : {};
    const { logicalType } = attributes;
    if (typeof logicalType !== "string" || !Object.hasOwn(types, logicalType) || begun.has(schema)) {
      return undefined;
    }
    begun.add(schema);
    const type = avsc.Type.forSchema(schema as never, parser as never) as unknown as AvscType;
    const conversion = types[logicalType]!(attributes);
    if (conversion) found.set(type, conversion);
    return type;
  };
}

/** Makes nodes of avsc's types. */
class Nodes {
  readonly #nodes = new Map<AvscType, AvroNode>();
  readonly #logical: ReadonlyMap<AvscType, LogicalConversion>;
  readonly #long: "long" | "bigint";
  readonly #levels = new Levels();

  constructor(logical: ReadonlyMap<AvscType, LogicalConversion>, long: "long" | "bigint") {
    this.#logical = logical;
    this.#long = long;
  }

  of(type: AvscType): AvroNode {
    const before = this.#nodes.get(type);
    if (before) return before;
    // Names such as "constructor" are types to the parser, and what it makes of them is the schema's own.
    if (!avsc.Type.isType(type as never)) throw new TypeError("it has a type that is none of Avro's");
    return this.#levels.within(() => this.#of(type));
  }

  #of(type: AvscType): AvroNode {
    const named = { name: type.name ?? "", aliases: type.aliases ?? [] };
    switch (type.typeName) {
      case "fixed":
        return this.#add(type, { kind: "fixed", ...named, size: type.size });
      case "enum":
        return this.#add(type, { kind: "enum", ...named, symbols: type.symbols, default: type.default });
      case "array": {
        const node = this.#add(type, { kind: "array", items: UNSET });
        node.items = this.of(type.itemsType);
        return node;
      }
      case "map": {
        const node = this.#add(type, { kind: "map", values: UNSET });
        node.values = this.of(type.valuesType);
        return node;
      }
      case "union:wrapped":
      case "union:unwrapped": {
        const branches: AvroNode[] = [];
        const node = this.#add(type, { kind: "union", branches });
        for (const branch of type.types) branches.push(this.of(branch));
        return node;
      }
      case "record":
      case "error": {
        const fields: FieldNode[] = [];
        const node = this.#add(type, { kind: "record", ...named, fields });
        for (const field of type.fields) fields.push(this.#field(field));
        return node;
      }
      case "long":
        return this.#add(type, { kind: this.#long });
      default:
        return this.#add(type, { kind: type.typeName as PrimitiveKind });
    }
  }

  /** Nodes are known before their parts are made, so that a recursive type finds itself. */
  #add<N extends AvroNode>(type: AvscType, node: N): N {
    const logical = this.#logical.get(type);
    const added = logical ? { ...node, logical } : node;
    this.#nodes.set(type, added);
    return added;
  }

  #field(field: AvscField): FieldNode {
    const { name, aliases, type } = field;
    const value = field.defaultValue();
    return {
      name,
      aliases,
      type: this.of(type),
      default: value === undefined ? undefined : Uint8Array.from(type.toBuffer(value)),
    };
  }
}

const UNSET: AvroNode = { kind: "null" };
