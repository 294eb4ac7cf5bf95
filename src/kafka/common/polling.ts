import type { RecordSet } from "../port/record_set.ts";

/**
 * The waiting of a fetcher's poll: for records, for a wakeup, or until its time is up; one poll at a time.
 */
export class Polling {
  /** Ends the wait of a poll that waits now. */
  #wake: (() => void) | undefined;
  #woken = false;
  #closed = false;

  /**
   * Calls `take` until it gives something, and waits in between for {@linkcode wake}.
   *
   * @param onWait Told of what ends each wait, for who has to be told in turn; what it returns is called when
   * the wait has ended.
   * @throws {Error} When another poll waits; and what `take` throws.
   */
  async poll(
    timeoutMs: number,
    take: () => RecordSet[],
    onWait?: (wake: () => void) => () => void,
  ): Promise<RecordSet[]> {
    if (this.#wake !== undefined) {
      throw new Error("Cannot poll: received a second poll while the first one waits; await it first");
    }
    const until = performance.now() + timeoutMs;
    while (true) {
      const sets = take();
      const left = until - performance.now();
      if (sets.length > 0 || this.#woken || this.#closed || left <= 0) {
        this.#woken = false;
        return sets;
      }
      await this.#wait(left, onWait);
    }
  }

  /** Has a waiting poll look again. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends a waiting poll; or, when none waits, the next one at once. */
  wakeup(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** No poll waits from now on. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async #wait(ms: number, onWait?: (wake: () => void) => () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    const ended = onWait?.(resolve);
    await promise;
    clearTimeout(timer);
    ended?.();
    this.#wake = undefined;
  }
}
