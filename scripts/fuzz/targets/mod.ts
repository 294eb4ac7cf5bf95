import type { FuzzTarget } from "../target.ts";

/** All targets by name. Each is loaded when it runs, so that it reaches code that no other has loaded. */
export const TARGETS: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  "hit": async () => (await import("./hit.ts")).HIT,
  "record-batch": async () => (await import("./record_batch.ts")).RECORD_BATCH,
  "answers": async () => (await import("./answers.ts")).ANSWERS,
  "connection": async () => (await import("./connection.ts")).CONNECTION,
  "sasl": async () => (await import("./sasl.ts")).SASL,
};
