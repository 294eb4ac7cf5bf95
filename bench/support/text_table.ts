/**
 * A table as text: the first column to the left, the others to the right.
 *
 * @param rows The first one is the head.
 *
 * @example
 * ```ts
 * import { textTable } from "./text_table.ts";
 *
 * console.log(textTable([["run", "records/s"], ["gen", "1,000"]]));
 * // run  records/s
 * // gen      1,000
 * ```
 */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))
      .join("  ").trimEnd()
  ).join("\n");
}
