/**
 * What the page shows of an application at one time. What is not known is left out: nothing is 0 for it.
 *
 * @module
 */

/** A partition that an application reads. */
export interface PagePartition {
  readonly topic: string;
  /** Its number; −1 stands for all of the topic's that the instance owns, where they are told as one. */
  readonly partition: number;
  /** Records left to process. */
  readonly lag?: number;
  /** The age of the next record to process, in seconds. */
  readonly seconds?: number;
  /** Records a second that are written to it. */
  readonly arrival?: number;
  /** Its share of what its instance can do: 1 is all of it. */
  readonly load?: number;
}

/** An instance of the application. */
export interface PageInstance {
  /** Names it among the others. */
  readonly name: string;
  /** Whether it processes what it has. */
  readonly ready: boolean;
  /** What it does, in a word or two, such as `starting`; for people. */
  readonly state?: string;
  /** What it owns. */
  readonly partitions: readonly PagePartition[];
  /** What is asked of it, as a share of what it can do: above 1 it can't catch up in time. */
  readonly load?: number;
  /** The share of time in which it works, 0 to 1. */
  readonly busy?: number;
  /** Records a second that it could process. */
  readonly capacity?: number;
  /** Records a second that it processes. */
  readonly processed?: number;
}

/** What was decided about the number of instances. */
export interface PageDecision {
  /** When, in ms since the epoch. */
  readonly atMs: number;
  /** How many instances there were to be before. */
  readonly from?: number;
  /** How many instances there are to be. */
  readonly replicas?: number;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** Rates of the whole application, in records a second. */
export interface PageRates {
  /** Written to what it reads. */
  readonly in?: number;
  /** Written by it, changelogs left out. */
  readonly out?: number;
  /** Taken from what it reads. */
  readonly processed?: number;
  /** What the generator aims at. */
  readonly target?: number;
}

/** An application at one time. */
export interface PageSnapshot {
  /** When, in ms since the epoch; it grows from one to the next. */
  readonly atMs: number;
  /** The part of a profile that runs, such as `surge`; for people. */
  readonly phase?: string;
  /** How many instances there are to be. */
  readonly wanted?: number;
  /** How many there are. */
  readonly running?: number;
  readonly instances: readonly PageInstance[];
  /** Partitions that no instance owns at the moment. */
  readonly unowned?: readonly PagePartition[];
  readonly rates: PageRates;
  /** Records a second written to each topic and read from it. */
  readonly topics?: Readonly<Record<string, { readonly in?: number; readonly out?: number }>>;
  /** In how many seconds the lag will be gone at the present rates; left out while it grows. */
  readonly drainSeconds?: number;
  /** Rebalances since the start; the page marks where it grows. */
  readonly rebalances?: number;
  /** The newest decision. */
  readonly decision?: PageDecision;
  /** The newest records that came out, decoded, a line each, the newest first. */
  readonly sessions?: readonly string[];
  /** What keeps the source from telling more, in a sentence. */
  readonly problem?: string;
}

/** A sub-topology, as the page draws it. */
export interface PagePart {
  readonly id: number;
  /** The topics that it reads. */
  readonly sources: readonly string[];
  /** What it does, in the order of the records. */
  readonly steps: readonly string[];
  readonly stores: readonly string[];
  /** The topics that it writes. */
  readonly sinks: readonly string[];
}
