import type { FetcherOptions } from "../port/fetcher.ts";

/** A fetcher's numbers, with the defaults of those left out. */
export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly quietWaitMs: number;
  readonly partitionBytes: number;
  readonly maxBytes: number;
  readonly longLinkBytes: number;
  readonly bufferBytes: number;
  /** Whether records of open and aborted transactions are left out. */
  readonly readCommitted: boolean;
}

/**
 * How long a broker may take to answer when nothing has come for a while, in ms: Kafka's own default for
 * consumers.
 */
const QUIET_WAIT_MS = 500;

/** The settings that options come to; {@linkcode FetcherOptions} tells the defaults. */
export function fetchSettings(options: FetcherOptions): FetchSettings {
  return {
    maxWaitMs: options.maxWaitMs ?? 100,
    quietWaitMs: options.quietWaitMs ?? Math.max(options.maxWaitMs ?? 0, QUIET_WAIT_MS),
    partitionBytes: options.partitionBytes ?? 147_456,
    maxBytes: options.maxBytes ?? 4_194_304,
    longLinkBytes: options.longLinkBytes ?? 16_777_216,
    bufferBytes: options.bufferBytes ?? 33_554_432,
    readCommitted: (options.isolation ?? "read_committed") === "read_committed",
  };
}
