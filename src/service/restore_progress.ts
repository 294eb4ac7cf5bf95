import type { Logger } from "../cli/log.ts";

/** The counts of a restore, as the engine keeps them. */
export interface RestoreCounts {
  /** Changelog records that have been read back since the start. */
  readonly restored: number;
  /** Changelog records that are still to be read; of now. */
  readonly restoreRemaining: number;
}

/** How often a restore under way is told, in ms. */
const EVERY_MS = 5_000;

/** Says in the log how a restore gets on that takes longer than a few seconds. */
export class RestoreProgress {
  readonly #counts: RestoreCounts;
  readonly #logger: Pick<Logger, "info">;
  readonly #now: () => number;
  #since: { readonly at: number; readonly restored: number } | undefined;
  #told: number | undefined;

  /** @param now A time in ms that never goes back. */
  constructor(
    counts: RestoreCounts,
    logger: Pick<Logger, "info">,
    now: () => number = () => performance.now(),
  ) {
    this.#counts = counts;
    this.#logger = logger;
    this.#now = now;
  }

  /** Looks at the counts; to be called several times a second. */
  look(): void {
    const { restored, restoreRemaining } = this.#counts;
    const now = this.#now();
    if (restoreRemaining > 0) {
      this.#since ??= { at: now, restored };
      if (now - (this.#told ?? this.#since.at) < EVERY_MS) return;
      this.#told = now;
      this.#logger.info(
        `restoring: ${restoreRemaining} changelog records left, ${restored - this.#since.restored} read`,
      );
    } else if (this.#since !== undefined) {
      if (this.#told !== undefined) {
        const seconds = ((now - this.#since.at) / 1000).toFixed(1);
        this.#logger.info(`restored ${restored - this.#since.restored} changelog records in ${seconds} s`);
      }
      this.#since = undefined;
      this.#told = undefined;
    }
  }
}
