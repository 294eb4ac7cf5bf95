/**
 * The browsers that look on: each gets the events that it lacks, then each new one.
 *
 * @module
 */
import { EVENT_STREAM } from "../metrics/http_answer.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import type { PageEvent } from "./history.ts";

/** How many may look on at a time. */
export const MOST_VIEWERS = 32;
/** How many bytes may wait for a viewer; one that is slower has to come again. */
const MOST_WAITING = 16_000_000;

type SentEvent = Pick<PageEvent, "text">;

/** Sends events to all who look on. */
export class Viewers {
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #encoder = new TextEncoder();
  /** What is sent to all lies here once, however many are slow to take it. */
  readonly #encoded = new WeakMap<SentEvent, Uint8Array>();
  readonly #changed: (count: number) => void;

  /** @param changed Told how many there are, each time that changes. */
  constructor(changed: (count: number) => void) {
    this.#changed = changed;
  }

  /** How many there are. */
  get count(): number {
    return this.#streams.size;
  }

  /** Answers a viewer, with this to begin. */
  add(begin: readonly (string | SentEvent)[]): Response {
    if (this.#streams.size >= MOST_VIEWERS) {
      const error = `Cannot show the page to one more: received ${MOST_VIEWERS} viewers; close one`;
      return jsonResponse({ error }, 503, { "retry-after": "5" });
    }
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        for (const part of begin) controller.enqueue(this.#bytesOf(part));
        this.#streams.add(controller);
        this.#changed(this.count);
      },
      cancel: () => this.#forget(own),
    }, { highWaterMark: MOST_WAITING, size: (bytes) => bytes!.byteLength });
    return new Response(body, {
      headers: {
        "content-type": EVENT_STREAM,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  }

  /** Sends an event to all. */
  send(event: SentEvent): void {
    const bytes = this.#bytesOf(event);
    for (const stream of [...this.#streams]) {
      stream.enqueue(bytes);
      if (stream.desiredSize! <= 0) this.#end(stream);
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of [...this.#streams]) this.#end(stream);
  }

  #bytesOf(part: string | SentEvent): Uint8Array {
    if (typeof part === "string") return this.#encoder.encode(part);
    const bytes = this.#encoded.get(part) ?? this.#encoder.encode(part.text);
    this.#encoded.set(part, bytes);
    return bytes;
  }

  #end(stream: ReadableStreamDefaultController<Uint8Array>): void {
    stream.close();
    this.#forget(stream);
  }

  #forget(stream: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#streams.delete(stream)) this.#changed(this.count);
  }
}
