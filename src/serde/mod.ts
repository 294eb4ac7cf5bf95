/**
 * Serializers and deserializers.
 *
 * @module
 */
export { avroSerde, type AvroSerdeOptions } from "./avro/avro_serde.ts";
export { bytesSerde, float64Serde, int32Serde, int64Serde, jsonSerde, stringSerde } from "./primitives.ts";
export { RegistryError, SchemaRegistry, type SchemaRegistryOptions } from "./avro/registry.ts";
export { bindSerde, DeserializationError, EncodeBuffer, SchemaNotLoaded, type Serde } from "./serde.ts";
