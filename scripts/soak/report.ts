/**
 * A soak's result as a table.
 *
 * @module
 */
import type { ProcessResult } from "./analysis.ts";

/** What is told beside the processes. */
export interface SoakNumbers {
  /** Records a second that were kept up with; `undefined` when it was not measured. */
  readonly capacity: number | undefined;
  /** Records a second that were offered. */
  readonly rate: number;
  readonly processedPerSecond: number;
  readonly commitP99Seconds: number | undefined;
  readonly streamsLoopP99Seconds: number | undefined;
  readonly genLoopP99Seconds: number | undefined;
  /** Entries in the stores at the beginning and at the end of the second half. */
  readonly entriesFrom: number;
  readonly entriesTo: number;
  readonly sent: number;
  readonly processed: number;
  readonly lost: number;
  readonly finalLag: number | undefined;
}

/** The table, of the second half. */
export function resultTable(processes: readonly ProcessResult[], numbers: SoakNumbers): string {
  const rows = processes.map((each) => [
    each.name,
    mb(each.lastRss),
    mb(each.peakRss),
    signed(each.rssSlope),
    each.heapSlope === undefined ? "" : signed(each.heapSlope),
    each.fewestHandles === each.mostHandles
      ? String(each.mostHandles)
      : `${each.fewestHandles}–${each.mostHandles}`,
  ]);
  const head = ["second half", "RSS MB", "peak MB", "RSS MB/min", "heap MB/min", "handles"];
  const { capacity, rate, processedPerSecond, entriesFrom, entriesTo, finalLag } = numbers;
  return [
    ...aligned([head, ...rows]),
    "",
    `load ${rate}/s${
      capacity === undefined ? "" : ` (capacity ${capacity}/s)`
    }, processed ${processedPerSecond}/s`,
    `commit p99 ${ms(numbers.commitP99Seconds)}; event loop late p99: streams ${
      ms(numbers.streamsLoopP99Seconds)
    }, gen ${ms(numbers.genLoopP99Seconds)}`,
    `entries in the stores ${entriesFrom} → ${entriesTo}`,
    `sent ${numbers.sent}, processed ${numbers.processed}, lost ${numbers.lost}, lag at the end ${
      finalLag ?? "unknown"
    }`,
  ].join("\n");
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ").trimEnd()
  );
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function signed(bytes: number): string {
  return `${bytes < 0 ? "−" : "+"}${Math.abs(bytes / 1e6).toFixed(2)}`;
}

function ms(seconds: number | undefined): string {
  return seconds === undefined ? "unknown" : `${(seconds * 1000).toFixed(1)} ms`;
}
