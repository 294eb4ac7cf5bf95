/** Records of text, as a task's input has them. */
import { EncodeBuffer, stringSerde } from "../../../src/serde/mod.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import { RecordSet } from "../../../src/kafka/port/record_set.ts";

/** A record of partition 0 of a topic. */
export interface TextRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly timestamp: number;
}

/** Gives a task a record, with no more behind it. */
export function pushText(task: Task, { topic, key, value, timestamp }: TextRecord, offset: number): void {
  const buffer = new EncodeBuffer();
  const keyEnd = buffer.encode(stringSerde(), key, 0);
  const end = buffer.encode(stringSerde(), value, keyEnd);
  task.queues.find((queue) => queue.topic === topic)!.push(
    new RecordSet({
      topic,
      partition: 0,
      count: 1,
      bytes: Uint8Array.from([...buffer.bytes.slice(0, end), 0]),
      offsets: Float64Array.of(offset),
      timestamps: Float64Array.of(timestamp),
      keyStart: Int32Array.of(0),
      keyEnd: Int32Array.of(keyEnd),
      valueStart: Int32Array.of(keyEnd),
      valueEnd: Int32Array.of(end),
      headersStart: Int32Array.of(end),
      nextOffset: offset + 1,
      endOffset: offset + 1,
      startOffset: 0,
    }),
  );
}
