/**
 * Sends record batches with one copy of them: right behind the room for the header, in a buffer
 * that is used again.
 *
 * @module
 */
import type { BrokerLink } from "./broker_link.ts";
import { ByteWriter } from "../wire/protocol/bytes.ts";
import {
  decodeProduce,
  encodeProduce,
  type PartitionBatch,
  PRODUCE_KEY,
  PRODUCE_VERSION,
  type ProduceAnswer,
  produceBytes,
} from "../wire/protocol/produce.ts";
import { RequestBuffers } from "./request_buffers.ts";

/** The buffers of this process: its producers seldom send at the same moment. */
const buffers = new RequestBuffers();

/**
 * Sends batches to the leader of their partitions; its answer. What is sent is a copy, made at once.
 *
 * @param onHeld Told how many bytes of memory the request takes, and, with a negative number, when it is
 * over.
 */
export async function sendProduce(
  link: BrokerLink,
  batches: readonly PartitionBatch[],
  timeoutMs: number,
  transactionalId: string | null,
  onHeld: (bytes: number) => void,
): Promise<ProduceAnswer> {
  const bodyAt = link.headerBytes;
  const buffer = buffers.take(bodyAt + produceBytes(batches, transactionalId));
  onHeld(buffer.length);
  try {
    const body = encodeProduce(batches, timeoutMs, transactionalId, new ByteWriter(buffer, bodyAt));
    const options = { bodyAt, decode: decodeProduce };
    const answer = await link.send(PRODUCE_KEY, "Produce", PRODUCE_VERSION, body, options);
    // Not after an error: the connection may still be writing it.
    buffers.giveBack(buffer);
    return answer;
  } finally {
    onHeld(-buffer.length);
  }
}
