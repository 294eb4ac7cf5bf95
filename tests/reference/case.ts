/**
 * A case: events that go into a topology, and what comes out. Both have a form of lines with fields separated by tabs,
 * which the Java side reads and writes too; see its `Reference`.
 *
 * @module
 */

/** A record that goes in; key and value are fields (see `fields.ts`). */
export interface RecordEvent {
  readonly kind: "record";
  readonly topic: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
  /** As `name=field`. */
  readonly headers: readonly string[];
}

/** The machine's clock moves on. */
export interface AdvanceEvent {
  readonly kind: "advance";
  readonly ms: number;
}

/** What happens to a topology. */
export type Event = RecordEvent | AdvanceEvent;

/** Events for one run of a topology. */
export interface Case {
  readonly topology: string;
  /** Where the machine's clock stands at first, in ms since the epoch. */
  readonly wallClockMs: number;
  /** Where Kafka Streams keeps its state: `rocksdb`, its default, or `memory`, which is several times faster. */
  readonly stores: "rocksdb" | "memory";
  readonly events: readonly Event[];
}

/** What came out, by event: lines `out TOPIC TIMESTAMP KEY VALUE [HEADER=VALUE …]`, `seen NAME KEY VALUE` or `error MESSAGE`, in their order. */
export type Outcome = readonly (readonly string[])[];

/** An event as a line. */
export function eventLine(event: Event): string {
  if (event.kind === "advance") return `advance\t${event.ms}`;
  return ["record", event.topic, event.timestamp, event.key, event.value, ...event.headers].join("\t");
}

/** A case as lines. */
export function caseLines({ topology, wallClockMs, stores, events }: Case): string[] {
  return [`run\t${topology}\t${wallClockMs}\t${stores}`, ...events.map(eventLine), "go"];
}

/** Reads the cases of a file of such lines. @throws {Error} When a line is none of them. */
export function parseCases(text: string): Case[] {
  const cases: Case[] = [];
  let current: (Omit<Case, "events"> & { events: Event[] }) | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const fields = line.split("\t");
    const wrong = (expected: string): Error =>
      new Error(
        `Cannot read the cases: received ${JSON.stringify(line)} in line ${index + 1}; expected ${expected}`,
      );
    const number = (at: number): number => {
      if (!/^\d{1,15}$/.test(fields[at] ?? "")) throw wrong(`a whole number in field ${at + 1}`);
      return Number(fields[at]);
    };
    if (fields[0] === "run" && (fields[3] === "rocksdb" || fields[3] === "memory")) {
      if (current !== undefined) throw wrong(`"go" before the next case`);
      current = { topology: fields[1]!, wallClockMs: number(2), stores: fields[3], events: [] };
    } else if (current === undefined) {
      throw wrong("run, topology, clock, rocksdb or memory, with tabs in between");
    } else if (fields[0] === "go") {
      cases.push(current);
      current = undefined;
    } else if (fields[0] === "advance") current.events.push({ kind: "advance", ms: number(1) });
    else if (fields[0] === "record" && fields.length >= 5) {
      const [, topic, , key, value, ...headers] = fields;
      current.events.push({
        kind: "record",
        topic: topic!,
        timestamp: number(2),
        key: key!,
        value: value!,
        headers,
      });
    } else throw wrong("record, topic, timestamp, key, value, with tabs in between");
  }
  if (current !== undefined) {
    throw new Error(`Cannot read the cases: received no "go" after the events of ${current.topology}`);
  }
  return cases;
}
