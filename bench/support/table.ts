/** Lines of columns, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) =>
    row.map((cell) => typeof cell === "number" ? group(cell) : cell)
  );
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const numeric = head.map((_, column) => rows.some((row) => typeof row[column] === "number"));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))
      .join("  ").trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].map((text) => `${text}\n`).join("");
}

/** A number with its thousands apart. */
function group(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
