import type { RecordSet } from "../../kafka/port/record_set.ts";

/** A record of a changelog that its store can't have written. */
export class RestoreError extends Error {
  override name = "RestoreError";
}

/** The error of one record of a store's changelog, saying where it is. */
export function unrestorable(
  store: string,
  records: RecordSet,
  i: number,
  what: string,
  remedy = "is the topic another program's?",
): RestoreError {
  const place = `${records.offsets[i]} of ${records.topic}-${records.partition}`;
  return new RestoreError(`Cannot restore store ${store}: received ${what} at offset ${place}; ${remedy}`);
}
