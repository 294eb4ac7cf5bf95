import type { FuzzTarget } from "../target.ts";

/** All targets by name. Each is loaded when it runs, so that it reaches code that no other has loaded. */
export const TARGETS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  "hit": async () => (await import("./hit.ts")).HIT,
  "avro-body": async () => (await import("./avro_body.ts")).AVRO_BODY,
  "avro-schema": async () => (await import("./avro_schema.ts")).AVRO_SCHEMA,
  "serdes": async () => (await import("./serdes.ts")).SERDES_TARGET,
  "protobuf-body": async () => (await import("./protobuf.ts")).PROTOBUF_BODY,
  "protobuf-file": async () => (await import("./protobuf.ts")).PROTOBUF_FILE,
  "registry": async () => (await import("./registry.ts")).REGISTRY,
  "state": async () => (await import("./state.ts")).STATE,
  "record-batch": async () => (await import("./record_batch.ts")).RECORD_BATCH,
  "answers": async () => (await import("./answers.ts")).ANSWERS,
  "connection": async () => (await import("./connection.ts")).CONNECTION,
  "sasl": async () => (await import("./sasl.ts")).SASL,
  "group": async () => (await import("./group.ts")).GROUP,
  "arguments": async () => (await import("./settings.ts")).ARGUMENTS,
  "environment": async () => (await import("./settings.ts")).ENVIRONMENT,
  "profile": async () => (await import("./settings.ts")).PROFILE,
  "credentials": async () => (await import("./files.ts")).CREDENTIALS,
  "timeline": async () => (await import("./files.ts")).TIMELINE,
  "http": async () => (await import("./http.ts")).HTTP,
};
