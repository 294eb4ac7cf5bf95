/**
 * Compares our topologies with Kafka Streams', case by case.
 *
 * @module
 */
import { type Case, caseLines, type Event, eventLine, type Outcome } from "./case.ts";
import { generateCase } from "./generator.ts";
import type { JavaReference } from "./java_reference.ts";
import { runOurs } from "./ours.ts";
import { topologyOf } from "./topologies.ts";

/** How many cases may be on their way to the reference. */
const CASES_IN_FLIGHT = 16;

/** Where the two differ. */
export interface Difference {
  /** The events up to the one whose outcome differs, without those that don't matter. */
  readonly shrunk: Case;
  /** What comes out of the last event. */
  readonly expected: readonly string[];
  readonly received: readonly string[];
}

/** What a comparison of one topology found. */
export interface Comparison {
  readonly cases: number;
  readonly events: number;
  /** Records that came out of Kafka Streams. */
  readonly outputs: number;
  /** Cases that an error ended on both sides: what comes after it in them is not compared. */
  readonly failed: number;
  /** A text that tells the first difference; `undefined` when there is none. */
  readonly difference: string | undefined;
}

/**
 * Compares a topology's description, and its outcome of the cases `[from, from + count)` of a seed.
 *
 * @param stores Where Kafka Streams keeps its state. Default: what the topology says.
 */
export async function compareTopology(
  reference: JavaReference,
  topology: string,
  seed: number,
  from: number,
  count: number,
  stores?: Case["stores"],
): Promise<Comparison> {
  const described = await compareDescription(reference, topology);
  if (described !== undefined) return { cases: 0, events: 0, outputs: 0, failed: 0, difference: described };
  const profile = topologyOf(topology);
  let events = 0;
  let outputs = 0;
  let failed = 0;
  for (let at = from; at < from + count; at += CASES_IN_FLIGHT) {
    const numbers = Array.from({ length: Math.min(CASES_IN_FLIGHT, from + count - at) }, (_, i) => at + i);
    const cases = numbers.map((number) =>
      generateCase(topology, { ...profile, stores: stores ?? profile.stores ?? "memory" }, seed, number)
    );
    const all = await Promise.all(cases.map((each) => reference.run(each)));
    for (const [i, each] of cases.entries()) {
      const expected = all[i]!;
      events += each.events.length;
      for (const lines of expected) outputs += lines.length;
      if (expected.some((lines) => lines.some(isError))) failed++;
      if (firstDifference(expected, await runOurs(each)) < 0) continue;
      const difference = await shrink(each, (one) => reference.run(one), runOurs);
      const repeat = `deno task reference --seed ${seed} --topology ${topology} --case ${numbers[i]}`;
      return {
        cases: at + i + 1 - from,
        events,
        outputs,
        failed,
        difference: `${describe(difference)}\n${repeat}`,
      };
    }
  }
  return { cases: count, events, outputs, failed, difference: undefined };
}

/** Compares one case. */
export async function compareCase(reference: JavaReference, each: Case): Promise<string | undefined> {
  const at = firstDifference(await reference.run(each), await runOurs(each));
  return at < 0 ? undefined : describe(await shrink(each, (one) => reference.run(one), runOurs));
}

/** Compares a topology's description: `undefined` when both sides give the same. */
export async function compareDescription(
  reference: JavaReference,
  topology: string,
): Promise<string | undefined> {
  const expected = await reference.describe(topology);
  const received = topologyOf(topology).build(() => {}).describe();
  if (expected === received) return undefined;
  return `${topology}: the descriptions differ\nKafka Streams:\n${expected}\nours:\n${received}`;
}

/** The index of the first event whose outcomes differ; negative when none do. Errors are equal whatever they say, as they name classes. */
export function firstDifference(expected: Outcome, received: Outcome): number {
  const plain = (line: string): string => isError(line) ? "error" : line;
  return expected.findIndex((lines, i) =>
    lines.length !== received[i]!.length ||
    lines.some((line, j) => plain(line) !== plain(received[i]![j]!))
  );
}

function isError(line: string): boolean {
  return line.startsWith("error\t");
}

/** Runs a case. */
type Runner = (each: Case) => Promise<Outcome>;

/**
 * Leaves out events of a case as long as a difference remains: halves, quarters, … single ones; then headers.
 *
 * @throws {Error} When the case does not differ (any more).
 */
export async function shrink(
  original: Case,
  expectedOf: Runner,
  receivedOf: Runner,
): Promise<Difference> {
  const differs = async (events: readonly Event[]): Promise<Difference | undefined> => {
    if (events.length === 0) return undefined;
    const each = { ...original, events };
    const [expected, received] = await Promise.all([expectedOf(each), receivedOf(each)]);
    const at = firstDifference(expected, received);
    if (at < 0) return undefined;
    return {
      shrunk: { ...each, events: events.slice(0, at + 1) },
      expected: expected[at]!,
      received: received[at]!,
    };
  };
  let best = await differs(original.events);
  if (best === undefined) {
    throw new Error(
      `Cannot repeat a difference of ${original.topology}: received other results for the same events; is the topology free of chance?`,
    );
  }
  let size = Math.ceil(best.shrunk.events.length / 2);
  while (size >= 1) {
    let shorter = false;
    for (let from = 0; from < best.shrunk.events.length;) {
      const { events } = best.shrunk;
      const found = await differs([...events.slice(0, from), ...events.slice(from + size)]);
      if (found === undefined) from += size;
      else {
        best = found;
        shorter = true;
      }
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!shorter) break;
  }
  const bare = best.shrunk.events.map((event) => event.kind === "record" ? { ...event, headers: [] } : event);
  return await differs(bare) ?? best;
}

function describe({ shrunk, expected, received }: Difference): string {
  const indent = (lines: readonly string[]): string =>
    lines.length === 0 ? "  (nothing)" : lines.map((line) => `  ${line}`).join("\n");
  return [
    `${shrunk.topology}: the outcome of the last of these events differs`,
    ...shrunk.events.map((event) => `  ${eventLine(event)}`),
    "Kafka Streams:",
    indent(expected),
    "ours:",
    indent(received),
    "The case as a file for --events:",
    ...caseLines(shrunk),
  ].join("\n");
}
