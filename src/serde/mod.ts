/**
 * Serdes: how keys and values become bytes, and come back. Those of simple types write what Kafka's Java
 * clients write; {@linkcode avroSerde} writes Avro for a {@linkcode SchemaRegistry}, or for readers without
 * one.
 *
 * @example A serde of one's own
 * ```ts
 * import { DeserializationError, EncodeBuffer, type Serde } from "./mod.ts";
 *
 * const flag: Serde<boolean> = {
 *   encode(value, into, at) {
 *     if (at >= into.length) return -1;
 *     into[at] = value ? 1 : 0;
 *     return at + 1;
 *   },
 *   decode(bytes, from, to) {
 *     const length = to - from;
 *     if (length !== 1) throw new DeserializationError(`Cannot decode a flag: received ${length} bytes`);
 *     return bytes[from] === 1;
 *   },
 * };
 * const buffer = new EncodeBuffer();
 * console.log(flag.decode(buffer.bytes, 0, buffer.encode(flag, true, 0))); // true
 * ```
 *
 * @module
 */
export { type AvroReference, avroSerde, type AvroSerdeOptions } from "./avro/avro_serde.ts";
export {
  avroLogicalTypes,
  type LogicalConversion,
  type LogicalType,
  type LogicalTypes,
} from "./avro/logical.ts";
export { jsonSerde } from "./json.ts";
export { jsonSchemaSerde, type JsonSchemaSerdeOptions } from "./json_schema/json_schema_serde.ts";
export { listSerde } from "./list.ts";
export {
  booleanSerde,
  bytesSerde,
  float32Serde,
  float64Serde,
  int16Serde,
  int32Serde,
  int64Serde,
  stringSerde,
  uuidSerde,
} from "./primitives.ts";
export type { AvroSchema } from "./avro/schema.ts";
export type {
  RegisteredSchema,
  RegisterOptions,
  SchemaReference,
  SchemaType,
} from "./avro/registered_schema.ts";
export { SchemaRegistry, type SchemaRegistryOptions } from "./avro/registry.ts";
export type { RegistryAccessOptions } from "./avro/registry_access.ts";
export { type RegistryConfig, registryConfig, registryFrom } from "./avro/registry_config.ts";
export { RegistryConfigError, RegistryError } from "./avro/registry_error.ts";
export {
  type ProtobufReference,
  protobufSerde,
  type ProtobufSerdeOptions,
} from "./protobuf/protobuf_serde.ts";
export {
  bindSerde,
  DeserializationError,
  EncodeBuffer,
  SchemaNotLoaded,
  type Serde,
  serdeAround,
  UnusableSchema,
} from "./serde.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard_schema.ts";
