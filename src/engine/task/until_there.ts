import { delay } from "@std/async/delay";
import { isMissing } from "../../kafka/port/errors.ts";

/** How long after a topic was not there it is asked for again, in ms. */
const ASK_AGAIN_MS = 200;

/** Who waits for a topic, and who is told of that. */
export interface Waiting {
  /** Whether what is attempted is still to be. */
  readonly wanted: () => boolean;
  /** Told each time a topic is not there. */
  readonly onMissing: () => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Tries until the topics are there that are asked for: whoever looks at topics says what comes of one that
 * has gone. Returns also when it is not wanted any more.
 *
 * @throws What else goes wrong with an attempt.
 */
export async function untilThere(attempt: () => Promise<void>, waiting: Waiting): Promise<void> {
  const { wanted, onMissing, signal } = waiting;
  while (wanted()) {
    try {
      return await attempt();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (!wanted()) return;
    onMissing();
    await delay(ASK_AGAIN_MS, { signal }).catch(() => {}); // it is not wanted then
    if (signal.aborted) return;
  }
}
