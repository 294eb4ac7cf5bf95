/**
 * Avro's types as plain nodes, for the readers and writers that are compiled from them.
 *
 * @module
 */
import type { LogicalConversion } from "./logical.ts";

/** The kinds of primitive types; `bigint` is a long where values are to have bigints. */
export type PrimitiveKind =
  | "null"
  | "boolean"
  | "int"
  | "long"
  | "bigint"
  | "float"
  | "double"
  | "bytes"
  | "string";

/** A parsed type. Recursive schemas make cyclic nodes. */
export type AvroNode =
  & (
    | { readonly kind: PrimitiveKind }
    | NamedNode & { readonly kind: "fixed"; readonly size: number }
    | EnumNode
    | { readonly kind: "array"; readonly items: AvroNode }
    | { readonly kind: "map"; readonly values: AvroNode }
    | { readonly kind: "union"; readonly branches: readonly AvroNode[] }
    | RecordNode
  )
  & { readonly logical?: LogicalConversion | undefined };

/** What named types have in common. */
export interface NamedNode {
  /** With its namespace. */
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
