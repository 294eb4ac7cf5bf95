/**
 * Sends answers to who may be slow, or gone.
 *
 * @module
 */
import type { ServerResponse } from "node:http";

/** The type of server-sent events. */
export const EVENT_STREAM = "text/event-stream";

/**
 * Sends an answer: its body when all of it is there; server-sent events as they come, until whoever reads
 * them has gone. Whoever takes nothing for so long is cut off.
 *
 * @param patienceMs For how long, in ms.
 * @param holds Told how many bytes lie here until they are taken.
 */
export async function sendAnswer(
  outgoing: ServerResponse,
  response: Response,
  patienceMs: number,
  holds: (bytes: number) => void,
): Promise<void> {
  const events = response.headers.get("content-type") === EVENT_STREAM ? response.body : null;
  const body = events === null ? new Uint8Array(await response.arrayBuffer()) : undefined;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  // What is left of a request that was answered before its end is not waited for.
  if (!outgoing.req.complete) outgoing.setHeader("connection", "close");
  if (events !== null) return await sendEvents(outgoing, events, patienceMs);
  holds(body!.byteLength);
  const taken = settledOn(outgoing, "finish", patienceMs);
  outgoing.end(body);
  await taken;
}

async function sendEvents(
  outgoing: ServerResponse,
  events: ReadableStream<Uint8Array>,
  patienceMs: number,
): Promise<void> {
  const reader = events.getReader();
  outgoing.once("close", () => void reader.cancel());
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // A reader that is slow holds its own stream up, and nothing else.
    if (!outgoing.write(value)) await settledOn(outgoing, "drain", patienceMs);
  }
  const taken = settledOn(outgoing, "finish", patienceMs);
  outgoing.end();
  await taken;
}

/** Waits until what was written is taken, or nobody is there: who takes nothing in time is cut off. */
function settledOn(outgoing: ServerResponse, event: "drain" | "finish", patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) return resolve();
    const timer = setTimeout(() => outgoing.destroy(), patienceMs);
    const settle = (): void => {
      clearTimeout(timer);
      outgoing.off(event, settle).off("close", settle);
      resolve();
    };
    outgoing.on(event, settle).on("close", settle);
  });
}
