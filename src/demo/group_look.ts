/**
 * What the demo sees of its instances, in the terms of the page, and of whoever recommends by them.
 *
 * @module
 */
import { known } from "../dashboard/reading.ts";
import type { PageInstance, PagePartition, PageSnapshot } from "../dashboard/snapshot.ts";
import { partitionKey } from "../kafka/port/topics.ts";
import type { InstanceSnapshot, PartitionSnapshot, Snapshot } from "./snapshot.ts";

/** The instances with what they have, and the partitions that none has. */
export function groupLook(
  { instances, partitions, running }: Pick<Snapshot, "instances" | "partitions" | "running">,
): Pick<PageSnapshot, "instances" | "running"> & { readonly unowned: readonly PagePartition[] } {
  const lags = new Map(partitions.map((partition) => [keyOf(partition), partition]));
  const owned = new Set(instances.flatMap(({ partitions }) => partitions.map(keyOf)));
  return {
    running,
    instances: instances.map((instance) => pageInstance(instance, lags)),
    unowned: partitions.filter((each) => !owned.has(keyOf(each))).map(pagePartition),
  };
}

function keyOf({ topic, partition }: PartitionSnapshot): string {
  return partitionKey(topic, partition);
}

/** The lag is that of the log's ends and the group's commits, which is known whoever has the partition. */
function pageInstance(
  { name, ready, leaving, partitions, capacity, busy, load, out, cost }: InstanceSnapshot,
  lags: ReadonlyMap<string, PartitionSnapshot>,
): PageInstance {
  return {
    name,
    ready: ready && !leaving,
    partitions: partitions.map((each) => pagePartition(lags.get(keyOf(each)) ?? each)),
    ...known({ state: leaving ? "leaving" : ready ? undefined : "starting", load, busy, capacity }),
    processed: out,
    ...cost,
  };
}

function pagePartition({ topic, partition, lag, seconds, arrival }: PartitionSnapshot): PagePartition {
  return { topic, partition, ...known({ lag, seconds, arrival }) };
}
