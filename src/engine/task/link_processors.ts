/**
 * Makes a task's processors, and links them as the topology has them.
 *
 * @module
 */
import { Guarded } from "../processors/guarded.ts";
import type { Processor, ProcessorInit } from "../processors/processor.ts";
import { Sink, Source } from "../processors/source_sink.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { BoundSubtopology, BoundTopology } from "../topology/bound_topology.ts";
import type { NodeDef } from "../topology/nodes.ts";
import type { RecordQueueOptions } from "./record_queue.ts";
import type { TaskContext } from "./task_context.ts";

/** What the processors of one task work with. */
export interface LinkOptions {
  readonly context: TaskContext;
  /** The task's stores, by name. */
  readonly stores: ReadonlyMap<string, ManagedStore>;
  /** Whether a handler decides about what processors throw. */
  readonly guarded: boolean;
}

/** The processors of one task. */
export interface LinkedProcessors {
  /** Where the records of each source topic go, and what gives them their time. */
  readonly sources: ReadonlyMap<string, Pick<RecordQueueOptions, "source" | "timestampExtractor">>;
  /** All processors, in the order in which they were added to the topology. */
  readonly all: readonly Processor[];
}

/** Makes the processors of a subtopology's nodes, each linked to its parents and set up. */
export function linkProcessors(
  bound: BoundTopology,
  { nodes }: BoundSubtopology,
  options: LinkOptions,
): LinkedProcessors {
  const { context, guarded } = options;
  const processors = new Map<string, Processor>();
  const sources = new Map<string, Pick<RecordQueueOptions, "source" | "timestampExtractor">>();
  for (const name of nodes) {
    const node = bound.topology.nodes.get(name)!;
    const processor = makeProcessor(bound, node);
    processor.name = name;
    const parents = node.kind === "source" ? [] : node.parents.map((parent) => processors.get(parent)!);
    if (node.kind === "source") {
      const { timestampExtractor } = node;
      for (const topic of node.topics) {
        sources.set(bound.topicName(topic), { source: processor, timestampExtractor });
      }
    }
    // Without a handler there is nothing in a record's way.
    const child = node.kind === "processor" && guarded ? new Guarded(processor, context) : processor;
    for (const { children } of parents) children.push(child);
    processor.init(initOf(node, options));
    processor.mayPause = parents.every(({ mayPause, resumable }) => mayPause && resumable);
    if (!processor.mayPause || !(processor.resumable || node.kind === "sink")) context.mayOverflow = true;
    processors.set(name, processor);
  }
  return { sources, all: [...processors.values()] };
}

function makeProcessor(bound: BoundTopology, node: NodeDef): Processor {
  if (node.kind === "source") return new Source();
  if (node.kind === "processor") return node.create();
  const { topic, partitions, key, value } = bound.sinks.get(node.name)!;
  return new Sink(topic, partitions, key, value);
}

function initOf(node: NodeDef, { context, stores }: LinkOptions): ProcessorInit {
  const connected = node.kind === "processor" ? node.stores : [];
  return {
    context,
    store: <S>(name: string): S & ManagedStore => {
      if (!connected.includes(name)) {
        throw new Error(
          `Cannot use store ${name} in ${node.name}: received a store that is not connected; ` +
            "name it in the node's stores",
        );
      }
      return stores.get(name)! as S & ManagedStore;
    },
  };
}
