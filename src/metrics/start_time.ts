/**
 * How long an instance takes until it is of use: a part of what one more of them costs.
 *
 * @module
 */
import type { Registry } from "./prom_client.ts";
import { PulledMetrics } from "./pulled_metrics.ts";

/** `kos_start_seconds`: from the start of the process until it belonged to its group for the first time. */
export class StartTime {
  readonly #askedForAt: number;
  #seconds: number | undefined;

  /**
   * Registers the gauge, which has no series before {@linkcode ended} was called.
   *
   * @param askedForAt By `performance.now`; 0 is when the process began.
   */
  constructor(registry: Registry, askedForAt = 0) {
    this.#askedForAt = askedForAt;
    new PulledMetrics(registry).gauge(
      "kos_start_seconds",
      "From the start of the process until it belonged to its group, in seconds.",
      () => this.#seconds,
    );
  }

  /** It belongs to its group; only the first time counts. */
  ended(): void {
    this.#seconds ??= (performance.now() - this.#askedForAt) / 1_000;
  }
}
