/**
 * What setting an application back comes to. Pure: what the log holds is given.
 *
 * @module
 */
import { InvalidValue, parseDuration } from "../../cli/parsers.ts";

/** Where to begin again: an end of the log, an offset, or the first record that is not older than a time. */
export type Target =
  | { readonly kind: "earliest" | "latest" }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "time"; readonly ms: number };

/**
 * Parses `earliest`, `latest`, an offset such as `1234`, a time such as `2026-01-31T12:00:00Z`, or how long
 * ago, such as `2h`.
 *
 * @param now The time of the machine, in ms since the epoch.
 * @throws {InvalidValue} For anything else, saying what is allowed.
 */
export function parseTarget(text: string, now: number): Target {
  if (text === "earliest" || text === "latest") return { kind: text };
  if (/^\d{1,15}$/.test(text)) return { kind: "offset", offset: Number(text) };
  const ago = parseDuration(text);
  if (ago !== undefined) return { kind: "time", ms: now - ago };
  // Without its zone a time would be another one on another machine.
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isFinite(ms)) return { kind: "time", ms };
  throw new InvalidValue(
    "expected earliest, latest, an offset such as 1234, a time with its zone such as 2026-01-31T12:00:00Z, " +
      "or how long ago, such as 2h",
  );
}

/** A partition of an input topic as the log has it. */
export interface InputPartition {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  /** What the group has committed. */
  readonly committed: number | undefined;
  /** The offset that was asked for; −1 for a time after which there is nothing. */
  readonly wanted: number;
}

/** A partition with where it will begin, and why that is not what was asked for. */
export interface PlannedPartition extends InputPartition {
  readonly offset: number;
  readonly note: string;
}

/** Where a partition will begin: within what the log holds. */
export function planned(input: InputPartition): PlannedPartition {
  const { start, end, wanted } = input;
  if (wanted < 0) return { ...input, offset: end, note: "nothing so new: at the end" };
  if (wanted > end) return { ...input, offset: end, note: `${wanted} is beyond the end` };
  if (wanted < start) return { ...input, offset: start, note: `${wanted} is gone: at the begin` };
  return { ...input, offset: wanted, note: "" };
}

/** An application's topics, and those that look like it but may be another one's. */
export interface InternalTopics {
  readonly own: readonly string[];
  /** With the application that has them. */
  readonly others: readonly { readonly topic: string; readonly applicationId: string }[];
}

/**
 * Which topics are an application's own: changelogs and repartition topics with its id in front. Where
 * another group's id goes on from this one's (`app` and `app-2`), its topics are that one's.
 */
export function internalTopics(
  applicationId: string,
  topics: readonly string[],
  groupIds: readonly string[],
): InternalTopics {
  const longer = groupIds.filter((id) => id.startsWith(`${applicationId}-`));
  const own: string[] = [];
  const others: { topic: string; applicationId: string }[] = [];
  for (const topic of [...topics].sort()) {
    if (!topic.startsWith(`${applicationId}-`) || !/-(changelog|repartition)$/.test(topic)) continue;
    const other = longer.find((id) => topic.startsWith(`${id}-`));
    if (other === undefined) own.push(topic);
    else others.push({ topic, applicationId: other });
  }
  return { own, others };
}

/** Rows under their heads, numbers to the right. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => /^\d+$|^-$/.test(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join(
      "  ",
    )
      .trimEnd();
  return [heads, ...rows].map(line).join("\n");
}
