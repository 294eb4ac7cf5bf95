/** Tasks whose steps wait for promises that a test settles. */
import type { Topology } from "../../../src/engine/mod.ts";
import { CapturingProducer } from "../../../src/engine/testing/capturing_producer.ts";
import { bindSerdes } from "../../../src/engine/topology/bound_topology.ts";
import { logAndFail } from "../../../src/engine/record/handlers.ts";
import { EngineStats } from "../../../src/engine/record/stats.ts";
import { CacheBudget } from "../../../src/engine/state/typed/cached_key_value_store.ts";
import { Task } from "../../../src/engine/task/task.ts";
import { pushText } from "./text_record.ts";

/** Work that ends when the test says so. */
export class Desk {
  /** What was begun, in order. */
  readonly begun: string[] = [];
  readonly aborted: string[] = [];
  most = 0;
  #open = new Map<string, PromiseWithResolvers<string>>();

  readonly work = (value: string, _key: string | null, signal: AbortSignal): Promise<string> => {
    this.begun.push(value);
    const open = Promise.withResolvers<string>();
    this.#open.set(value, open);
    this.most = Math.max(this.most, this.#open.size);
    signal.addEventListener("abort", () => this.aborted.push(value));
    return open.promise;
  };

  /** Ends the work of a value, and lets its promise be heard of. */
  async end(value: string, error?: Error): Promise<void> {
    const open = this.#open.get(value)!;
    this.#open.delete(value);
    if (error === undefined) open.resolve(value.toUpperCase());
    else open.reject(error);
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  }
}

/** A task on one partition of `in`, without a log. */
export async function taskOf(topology: Topology, cacheMaxBytes = 0): Promise<{
  task: Task;
  /** Gives it a record of `in`, or of another input; its time is how many came before, unless it is told. */
  push: (value: string, timestamp?: number, topic?: string) => void;
  /** The values that were written to `out` since this was asked last. */
  output: () => string[];
  /** For each record that was written to a changelog so far, whether it deletes its key. */
  deletions: (changelog: string) => boolean[];
}> {
  const bound = await bindSerdes(topology, "app", () => 1);
  const task = new Task(bound, bound.subtopologies[0]!, 0, {
    stats: new EngineStats(),
    now: () => 0,
    handlers: { onUndecodable: logAndFail(), deadLetters: new Map() },
    cache: cacheMaxBytes > 0 ? new CacheBudget(cacheMaxBytes) : undefined,
  });
  const producer = new CapturingProducer();
  task.context.producer = producer;
  task.start(new Map(task.inputs.map(({ topic }) => [topic, 0])));
  const offsets = new Map(task.inputs.map(({ topic }) => [topic, 0]));
  let pushed = 0;
  const push = (value: string, timestamp = pushed, topic = "in"): void => {
    pushed++;
    const offset = offsets.get(topic)!;
    offsets.set(topic, offset + 1);
    pushText(task, { topic, key: "k", value, timestamp }, offset);
  };
  const output = (): string[] => producer.take("out").map(({ value }) => new TextDecoder().decode(value!));
  const written = new Map<string, boolean[]>();
  const deletions = (changelog: string): boolean[] => {
    const all = [
      ...written.get(changelog) ?? [],
      ...producer.take(changelog).map(({ value }) => value === null),
    ];
    written.set(changelog, all);
    return all;
  };
  return { task, push, output, deletions };
}
