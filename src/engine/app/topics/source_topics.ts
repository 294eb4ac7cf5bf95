/**
 * The topics of a running application, as they change: which have gone, come again or grown since it was
 * bound to them.
 *
 * @module
 */
import type { TopicDescription } from "../../../kafka/port/topics.ts";
import { TopologyError } from "../../errors.ts";
import type { BoundSubtopology, BoundTopology } from "../../topology/bound_topology.ts";
import { partitionCounts } from "../../topology/partition_counts.ts";

/** What happened to a topic. */
export type TopicChange =
  | { readonly kind: "gone" | "back" | "recreated"; readonly topic: string; readonly read: boolean }
  /**
   * Its new partitions can be taken up; of a topic that is only written they are not used before a restart.
   */
  | {
    readonly kind: "grown";
    readonly topic: string;
    readonly read: boolean;
    readonly from: number;
    readonly to: number;
  };

/** Knows the topics of a topology as they are now, and says what is another since. */
export class SourceTopics {
  readonly #bound: BoundTopology;
  readonly #partitions = new Map<string, number>();
  readonly #ids = new Map<string, string>();
  readonly #missing = new Set<string>();
  readonly #sources: ReadonlySet<string>;
  /** Changelogs that have gone while they were to be restored: their tasks and standbys wait for them. */
  readonly #awaited = new Set<string>();
  readonly #restored: (changelog: string) => boolean;
  #subtopologies: readonly BoundSubtopology[];

  /** @param restored Whether a task or a standby here reads a changelog now. */
  constructor(bound: BoundTopology, restored: (changelog: string) => boolean = () => false) {
    this.#bound = bound;
    this.#restored = restored;
    this.#subtopologies = bound.subtopologies;
    this.#sources = new Set(bound.sources.keys());
    for (const { topic, partitions } of bound.sinks.values()) this.#partitions.set(topic, partitions);
    for (const part of bound.subtopologies) {
      const { partitions, tasks } = part;
      for (const topic of this.changelogsOf(part)) this.#partitions.set(topic, tasks);
      for (const [topic, count] of partitions) this.#partitions.set(topic, count);
    }
  }

  /** All topics that the application reads or writes. */
  get names(): string[] {
    return [...this.#partitions.keys()].sort();
  }

  /** Whether a topic has gone, as of the last look. */
  isMissing(topic: string): boolean {
    return this.#missing.has(topic);
  }

  /** The source topics that have gone, and the changelogs that are waited for. */
  get missing(): string[] {
    return [...this.#missing].filter((topic) => this.#sources.has(topic) || this.#awaited.has(topic)).sort();
  }

  /** Whether it is a source topic, or a repartition topic, which is one of another part. */
  isSource(topic: string): boolean {
    return this.#sources.has(topic);
  }

  /** The changelogs of a part's stores. */
  changelogsOf({ stores }: Pick<BoundSubtopology, "stores">): string[] {
    return stores.map((name) => this.#bound.stores.get(name)?.changelog).filter((each) => each !== undefined);
  }

  /** Says that a changelog that has gone is waited for: it counts as missing, and as read when it is back. */
  await(changelog: string): void {
    if (!this.#sources.has(changelog)) this.#awaited.add(changelog);
  }

  /** The parts of the topology, with as many tasks as there are partitions now. */
  get subtopologies(): readonly BoundSubtopology[] {
    return this.#subtopologies;
  }

  /**
   * Takes note of the topics as they are.
   *
   * @param names The topics that were looked for: those of them that are not in `found` have gone.
   * @throws {TopologyError} When a source topic has grown and its new partitions can't be taken up.
   */
  see(names: readonly string[], found: ReadonlyMap<string, TopicDescription>): TopicChange[] {
    const changes = names.flatMap((topic) => this.#seeOne(topic, found.get(topic)));
    if (changes.some(({ kind, read }) => kind === "grown" && read)) this.#grow();
    return changes;
  }

  #seeOne(topic: string, found: TopicDescription | undefined): TopicChange[] {
    const from = this.#partitions.get(topic);
    if (from === undefined) return [];
    const source = this.#sources.has(topic);
    const read = source || this.#awaited.has(topic) || this.#restored(topic);
    if (found === undefined) {
      if (this.#missing.has(topic)) return [];
      this.#missing.add(topic);
      return [{ kind: "gone", topic, read }];
    }
    const changes: TopicChange[] = [];
    const id = this.#ids.get(topic);
    const bothTold = id !== undefined && found.id !== undefined;
    // While a topic changes, a broker may tell of its partitions and not of its id.
    if (found.id !== undefined) this.#ids.set(topic, found.id);
    if (this.#missing.delete(topic)) {
      this.#awaited.delete(topic);
      changes.push({ kind: "back", topic, read });
    } else if (bothTold ? id !== found.id : found.partitions < from) {
      changes.push({ kind: "recreated", topic, read });
    } // No topic shrinks: the broker that was asked is behind.
    else if (found.partitions < from) return [];
    if (found.partitions !== from) {
      this.#partitions.set(topic, found.partitions);
      changes.push({ kind: "grown", topic, read: source, from, to: found.partitions });
    }
    return changes;
  }

  /** Takes up the new numbers of partitions, where that moves no key away from its state. */
  #grow(): void {
    const grown = this.#subtopologies.map((each) => ({
      ...each,
      partitions: new Map(each.sourceTopics.map((topic) => [topic, this.#partitions.get(topic)!])),
      tasks: Math.max(...each.sourceTopics.map((topic) => this.#partitions.get(topic)!)),
    }));
    for (const [i, { id, stores, tasks, partitions }] of grown.entries()) {
      const before = this.#bound.subtopologies[i]!;
      const changed = [...partitions].filter(([topic, count]) => before.partitions.get(topic) !== count);
      if (stores.length === 0 || changed.length === 0) continue;
      throw new TopologyError(
        `Cannot go on: received ${
          this.#growth(changed.map(([topic]) => topic), before)
        }, while part ${id} keeps state by partition ` +
          `(${
            stores.join(", ")
          }, in ${before.tasks} tasks where ${tasks} are needed now): equal keys would come to other tasks ` +
          "than their state; " + RESTART,
      );
    }
    for (const [topic, count] of this.#wantedCounts()) {
      const name = this.#bound.topicName(topic);
      const is = this.#partitions.get(name);
      if (is === count || !this.#bound.topology.repartitionTopics.has(topic)) continue;
      throw new TopologyError(
        `Cannot go on: received source topics that have grown, so that repartition topic ${name} with ` +
          `${is} partitions needs ${count}; ${RESTART}`,
      );
    }
    this.#subtopologies = grown;
  }

  /** How many partitions each topic is to have, by its name in the topology. */
  #wantedCounts(): Map<string, number> {
    const { topology, topicName } = this.#bound;
    try {
      return partitionCounts(topology, (topic) => this.#partitions.get(topicName(topic))!);
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error;
      throw new TopologyError(
        `Cannot go on: the source topics have changed their numbers of partitions. ${error.message}`,
        { cause: error },
      );
    }
  }

  #growth(topics: readonly string[], before: BoundSubtopology): string {
    return topics.map((topic) =>
      `topic ${topic} with ${this.#partitions.get(topic)} partitions instead of ${
        before.partitions.get(topic)
      }`
    ).join(", ");
  }
}

/** What is to be done about it. */
const RESTART =
  "stop all instances, then reset the application (its changelogs and repartition topics have the old " +
  "number of partitions) or take another application id, and start again";
