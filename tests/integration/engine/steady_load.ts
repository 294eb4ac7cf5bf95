/** A load for tests that watch each partition: first state, then a record for each partition again and again. */
import { delay } from "@std/async/delay";
import { EncodeBuffer, stringSerde } from "../../../src/serde/mod.ts";
import type { Log } from "../../../src/kafka/mod.ts";

/** What is written. */
export interface SteadyLoad {
  readonly topic: string;
  readonly partitions: number;
  /** Keys a partition, each written once as fast as it goes: state to restore. */
  readonly keys: number;
  /** A record for each partition in this time from then on, in ms. */
  readonly tickMs: number;
}

/**
 * Writes until told to stop, the state in any case. Values are the partition's number.
 *
 * @returns How many records each partition got.
 */
export async function steadyLoad(log: Log, load: SteadyLoad, signal: AbortSignal): Promise<number> {
  const { topic, partitions, keys, tickMs } = load;
  const producer = log.producer({ lingerMs: 0 });
  const buffer = new EncodeBuffer();
  let sent = 0;
  while (!signal.aborted || sent < keys) {
    for (let partition = 0; partition < partitions; partition++) {
      const at = buffer.encode(stringSerde(), `${partition}-${sent % keys}`, 0);
      const end = buffer.encode(stringSerde(), String(partition), at);
      producer.append(topic, partition, Date.now(), { bytes: buffer.bytes, from: 0, to: at }, {
        bytes: buffer.bytes,
        from: at,
        to: end,
      });
    }
    sent++;
    if (sent > keys) await delay(tickMs);
    else if (sent % 100 === 0) await producer.ready();
  }
  await producer.close();
  return sent;
}
