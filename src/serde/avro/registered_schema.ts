/**
 * What a schema registry holds, and what it is told.
 *
 * @module
 */

/** The languages of schemas that the registry knows. */
export type SchemaType = "AVRO" | "JSON" | "PROTOBUF";

/** Where a schema names types of another one. */
export interface SchemaReference {
  /**
   * What it is called in the schema: a type's full name (Avro), a URL (JSON Schema) or an import's path
   * (Protobuf).
   */
  readonly name: string;
  /** Under which it is registered. */
  readonly subject: string;
  /** Its number under the subject. */
  readonly version: number;
}

/** A schema of the registry. */
export interface RegisteredSchema {
  /** JSON, or a `.proto` file. */
  readonly text: string;
  /** Another text than these three is of a registry that knows more. */
  readonly type: SchemaType | string;
  /** The schemas that it refers to, in all: each after those that it refers to itself. */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}

/** What is registered besides the schema's text. */
export interface RegisterOptions {
  /** Default: Avro. */
  readonly type?: SchemaType;
  /** Those that the schema has itself. */
  readonly references?: readonly SchemaReference[];
}
