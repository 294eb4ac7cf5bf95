/**
 * Plain numbers that the engine counts in; metrics read them when they are asked for.
 *
 * @module
 */

/** Why a record was dropped. */
export type DropReason =
  | "null_key"
  | "null_value"
  | "late"
  | "undecodable"
  | "negative_timestamp"
  | "processing_error"
  | "production_error";

/** A count of one topic's records: an object to count in without looking the topic up for each record. */
export interface TopicCount {
  count: number;
}

/** The size of one store of one task. */
export interface StoreSize {
  /** The store's name in the topology. */
  readonly store: string;
  /** Keys, windows or sessions held. */
  readonly entries: number;
  /** Bytes of memory. */
  readonly bytes: number;
}

/** The topics that an application will count records of, by their names on the log. */
export interface ExpectedTopics {
  /** The topics that are read. */
  readonly sources: Iterable<string>;
  /** Outputs and changelogs. */
  readonly written: Iterable<string>;
  /** The topics of dead letters. */
  readonly deadLetters: Iterable<string>;
}

/**
 * What an application counts. All but `restoreRemaining`, `tasks` and `restoringTasks` count up from its
 * start.
 */
export class EngineStats {
  /** Records taken from the input partitions, dropped ones included. */
  processed = 0;
  /** Records left out, by reason. */
  readonly dropped: Record<DropReason, number> = {
    null_key: 0,
    null_value: 0,
    late: 0,
    undecodable: 0,
    negative_timestamp: 0,
    processing_error: 0,
    production_error: 0,
  };
  /** Records that could not be decoded, by topic. */
  readonly decodeFailures: Record<string, number> = {};
  /**
   * Time in which the loop worked, in ms: not that in which it waited for records, or for the log to take
   * what was written.
   */
  busyMs = 0;
  /** The CPU time that the process had meanwhile, in ms; 0 where nobody asked for it. */
  busyCpuMs = 0;
  /** Commits that were made. */
  commits = 0;
  /** Commits that the group or the broker refused. */
  commitFailures = 0;
  /** Rebalances taken part in. */
  rebalances = 0;
  /** Changelog records read back into stores. */
  restored = 0;
  /** Time in which changelogs were read back into stores, in ms. */
  restoringMs = 0;
  /** Changelog records that are still to be read before all assigned tasks can run. */
  restoreRemaining = 0;
  /** Tasks that process records now. */
  tasks = 0;
  /** Tasks of this instance whose stores are being restored: their partitions rest meanwhile. */
  restoringTasks = 0;
  /** Times that reading went on elsewhere since the wanted offset was not in the log any more. */
  offsetResets = 0;
  readonly #produced = new Map<string, TopicCount>();
  readonly #deadLettered = new Map<string, TopicCount>();

  /** Records appended, by topic, changelogs included. */
  get produced(): Record<string, number> {
    return byTopic(this.#produced);
  }

  /** Records sent to dead-letter topics, by topic; they count as dropped too. */
  get deadLettered(): Record<string, number> {
    return byTopic(this.#deadLettered);
  }

  /**
   * Has a count at 0 for what is known to be counted, so that it is there before the first record is.
   * @ignore
   */
  expect(topics: ExpectedTopics): void {
    for (const topic of topics.sources) this.decodeFailures[topic] ??= 0;
    for (const topic of topics.written) this.producedTo(topic);
    for (const topic of topics.deadLetters) this.deadLetteredTo(topic);
  }

  /**
   * The counter of records appended to a topic.
   * @ignore
   */
  producedTo(topic: string): TopicCount {
    return counterOf(this.#produced, topic);
  }

  /**
   * The counter of records sent to a dead-letter topic.
   * @ignore
   */
  deadLetteredTo(topic: string): TopicCount {
    return counterOf(this.#deadLettered, topic);
  }

  /** What the state takes of memory now, in bytes; the application says. */
  stateBytes: () => number = () => 0;
  /** Tasks that come as soon as their stores are current here; of now. */
  warmingTasks: () => number = () => 0;
  /** What the state may take of memory, in bytes. */
  stateMaxBytes: number = Infinity;

  /** The sizes of the stores now; the application says. */
  stores: () => Iterable<StoreSize> = () => [];
}

function byTopic(counters: ReadonlyMap<string, TopicCount>): Record<string, number> {
  return Object.fromEntries([...counters].map(([topic, { count }]) => [topic, count]));
}

function counterOf(counters: Map<string, TopicCount>, topic: string): TopicCount {
  let counter = counters.get(topic);
  if (counter === undefined) counters.set(topic, counter = { count: 0 });
  return counter;
}
