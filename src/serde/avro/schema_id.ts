/** Whether it is an id that a registry gives: they begin with 1, and have 31 bits. */
export function isSchemaId(id: unknown): id is number {
  return typeof id === "number" && (id | 0) === id && id > 0;
}
