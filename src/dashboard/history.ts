/**
 * The last minutes of snapshots, as the events that a browser gets: for whoever comes later or again.
 *
 * @module
 */
import type { PageInstance, PagePartition, PageSnapshot } from "./snapshot.ts";

/** How long a snapshot is kept, in ms. */
export const HISTORY_MS = 600_000;
/** How many snapshots are kept at most, if they come faster than one a second. */
const MOST_SNAPSHOTS = 1_200;
/** How many partitions a snapshot has at most; of more there are the ones that lag most. */
export const MOST_PARTITIONS = 64;

/** An event as it is sent. */
export interface PageEvent {
  /** Grows by one from each to the next. */
  readonly number: number;
  readonly atMs: number;
  /** With its id, in the form of server-sent events. */
  readonly text: string;
}

/** Keeps events for {@linkcode HISTORY_MS}. */
export class History {
  /** Tells the events of this process from those of one before it, whose numbers mean something else. */
  readonly #epoch: string;
  #events: PageEvent[] = [];
  #next = 1;

  /** @param epoch Part of each id; another for each process. */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Adds a snapshot, and forgets those that are too old beside it. */
  add(snapshot: PageSnapshot): PageEvent {
    const number = this.#next++;
    const id = `${this.#epoch}-${number}`;
    const text = `id: ${id}\nevent: snapshot\ndata: ${JSON.stringify(mostLagging(snapshot))}\n\n`;
    const event = { number, atMs: snapshot.atMs, text };
    this.#events.push(event);
    const fresh = this.#events.findIndex(({ atMs }) => atMs > snapshot.atMs - HISTORY_MS);
    this.#events.splice(0, Math.max(fresh, this.#events.length - MOST_SNAPSHOTS));
    return event;
  }

  /** The events behind the one that a browser has seen last; all of them if that is not one of these. */
  after(lastId: string | null): readonly PageEvent[] {
    const seen = this.#numberOf(lastId ?? "");
    return seen === undefined ? this.#events : this.#events.filter(({ number }) => number > seen);
  }

  #numberOf(id: string): number | undefined {
    const [, epoch, digits] = /^(.+)-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    return epoch === this.#epoch && number < this.#next ? number : undefined;
  }
}

/** The snapshot with at most {@linkcode MOST_PARTITIONS}: a page of ten thousand shows nobody anything. */
function mostLagging(
  snapshot: PageSnapshot,
): PageSnapshot & { readonly more?: { count: number; lag: number } } {
  const all = [...snapshot.instances.flatMap(({ partitions }) => partitions), ...snapshot.unowned ?? []];
  if (all.length <= MOST_PARTITIONS) return snapshot;
  const left = all.toSorted((a, b) => (b.lag ?? 0) - (a.lag ?? 0));
  const kept = new Set(left.splice(0, MOST_PARTITIONS));
  const keptOf = (partitions: readonly PagePartition[]): PagePartition[] =>
    partitions.filter((partition) => kept.has(partition));
  return {
    ...snapshot,
    instances: snapshot.instances.map((instance): PageInstance => ({
      ...instance,
      partitions: keptOf(instance.partitions),
    })),
    ...(snapshot.unowned === undefined ? {} : { unowned: keptOf(snapshot.unowned) }),
    more: { count: left.length, lag: left.reduce((sum, { lag = 0 }) => sum + lag, 0) },
  };
}
