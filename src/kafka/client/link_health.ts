import { messageOf } from "../port/errors.ts";
import type { LogHealth } from "../port/log.ts";

/** Counts what the links to all brokers of a cluster come to; see {@linkcode LogHealth}. */
export class LinkHealth implements LogHealth {
  answers = 0;
  failures = 0;
  lastFailure: string | undefined;

  /** Notes that a broker has answered a request, whatever the answer says. */
  answered(): void {
    this.answers++;
  }

  /** Notes that a request, a connection or a partition's part of an answer failed. */
  failed(error: unknown): void {
    this.failures++;
    this.lastFailure = messageOf(error);
  }
}
