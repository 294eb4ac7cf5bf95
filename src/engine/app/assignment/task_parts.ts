/**
 * From assigned partitions to tasks: a task needs all of its input partitions.
 *
 * @module
 */
import { partitionKey, type TopicPartition } from "../../../kafka/port/topics.ts";
import { type BoundSubtopology, taskInputs } from "../../topology/bound_topology.ts";
import { taskId } from "../../task/task.ts";

/** A task of which only some inputs were assigned. */
export interface TaskPart {
  readonly id: string;
  readonly has: readonly string[];
  readonly lacks: readonly string[];
}

/** What an assignment comes to. */
export interface AssignedTasks {
  /** Ids of the tasks whose inputs were all assigned. */
  readonly whole: readonly string[];
  readonly parts: readonly TaskPart[];
  /** Partitions that no task has: there is no such topic, or no such partition. */
  readonly homeless: readonly string[];
}

/** Sorts assigned partitions. One that is named twice counts once. */
export function assignedTasks(
  subtopologies: readonly BoundSubtopology[],
  partitions: readonly TopicPartition[],
): AssignedTasks {
  const assigned = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
  const whole: string[] = [];
  const parts: TaskPart[] = [];
  const seen = new Set<string>();
  const homeless = new Set<string>();
  for (const { topic, partition } of partitions) {
    const subtopology = subtopologies.find(({ sourceTopics }) => sourceTopics.includes(topic));
    if (subtopology === undefined || !(partition < subtopology.partitions.get(topic)!)) {
      homeless.add(partitionKey(topic, partition));
      continue;
    }
    const id = taskId(subtopology.id, partition);
    if (seen.has(id)) continue;
    seen.add(id);
    const inputs = taskInputs(subtopology, partition).map((each) => partitionKey(each.topic, each.partition));
    const lacks = inputs.filter((key) => !assigned.has(key));
    if (lacks.length === 0) whole.push(id);
    else parts.push({ id, has: inputs.filter((key) => assigned.has(key)), lacks });
  }
  return { whole, parts, homeless: [...homeless] };
}

/** What is wrong with an assignment, in words; `undefined` when nothing is. */
export function inWords({ parts, homeless }: AssignedTasks): string | undefined {
  const said = parts.map(({ id, has, lacks }) =>
    `task ${id} with ${has.join(", ")} but not ${lacks.join(", ")}`
  );
  if (homeless.length > 0) said.push(`${homeless.join(", ")}, which no task reads`);
  return said.length === 0 ? undefined : said.join("; ");
}
