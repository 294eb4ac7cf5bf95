/**
 * What a fault did, and whether that is allowed.
 *
 * @module
 */

/** The guarantees of a streams process. */
export type Guarantee = "at_least_once" | "exactly_once";

/** What was seen in one run of a fault. */
export interface Outcome {
  readonly fault: string;
  readonly guarantee: Guarantee;
  /** Sessions that there had to be. */
  readonly sessions: number;
  /** Sessions that did not come out, or without all of their hits, and records that the generator could not write. */
  readonly lost: number;
  /** Changes of sessions that came out too often. */
  readonly doubled: number;
  /** The longest time in which a partition had no output though there was input for it, in s. */
  readonly stalledSeconds: number;
  /** The most resident memory of an instance so far, in bytes. */
  readonly peakRss: number;
  /** What else the fault did, such as the kinds of answers that were cut. */
  readonly note: string;
  /** What went wrong apart from the counts, such as an instance that ended. */
  readonly broken: readonly string[];
}

/** Why an outcome is not allowed; empty when it is. `mostStalledSeconds` is the longest stall. */
export function objections(outcome: Outcome, mostStalledSeconds: number): string[] {
  const { fault, guarantee, lost, doubled, stalledSeconds, sessions, broken } = outcome;
  const found = [...broken];
  if (sessions === 0) found.push("no session was expected, so that nothing was tried");
  if (lost > 0) found.push(`${lost} lost`);
  if (doubled > 0 && guarantee === "exactly_once") found.push(`${doubled} doubled`);
  if (stalledSeconds > mostStalledSeconds) {
    found.push(`${stalledSeconds.toFixed(1)} s without progress, more than ${mostStalledSeconds}`);
  }
  return found.map((what) => `${fault}, ${guarantee}: ${what}`);
}

/** One line of the table: a fault with a guarantee, over all of its runs. */
interface Row {
  readonly fault: string;
  readonly guarantee: Guarantee;
  readonly runs: number;
  readonly sessions: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stalledSeconds: number;
  readonly peakRss: number;
  readonly note: string;
}

/** The table of docs/reliability.md, in Markdown. */
export function table(outcomes: readonly Outcome[]): string {
  const head = [
    "fault",
    "guarantee",
    "runs",
    "sessions",
    "lost",
    "doubled",
    "s without progress",
    "peak RSS in MB",
    "what was hit",
  ];
  const lines = rows(outcomes).map((row) => [
    row.fault,
    row.guarantee.replaceAll("_", " "),
    String(row.runs),
    String(row.sessions),
    String(row.lost),
    String(row.doubled),
    row.stalledSeconds.toFixed(1),
    (row.peakRss / 1e6).toFixed(0),
    row.note,
  ]);
  const width = head.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]!.length)));
  const show = (cells: readonly string[]): string =>
    `| ${
      cells.map((cell, i) => i >= 2 && i <= 7 ? cell.padStart(width[i]!) : cell.padEnd(width[i]!)).join(" | ")
    } |`;
  const rule = `| ${
    width.map((w, i) => i >= 2 && i <= 7 ? "-".repeat(w - 1) + ":" : "-".repeat(w)).join(" | ")
  } |`;
  return [show(head), rule, ...lines.map(show)].join("\n");
}

function rows(outcomes: readonly Outcome[]): Row[] {
  const all = new Map<string, Row>();
  for (const each of outcomes) {
    const key = `${each.fault} ${each.guarantee}`;
    const row = all.get(key);
    all.set(key, {
      fault: each.fault,
      guarantee: each.guarantee,
      runs: (row?.runs ?? 0) + 1,
      sessions: (row?.sessions ?? 0) + each.sessions,
      lost: (row?.lost ?? 0) + each.lost,
      doubled: (row?.doubled ?? 0) + each.doubled,
      stalledSeconds: Math.max(row?.stalledSeconds ?? 0, each.stalledSeconds),
      peakRss: Math.max(row?.peakRss ?? 0, each.peakRss),
      note: each.note,
    });
  }
  return [...all.values()];
}
