/** Time as the generator sees it; tests have their own. */
export interface Clock {
  /** Milliseconds since the epoch, for timestamps. */
  now(): number;
  /** Milliseconds of a clock that never goes back, for pacing. */
  monotonic(): number;
  /**
   * Resolves after a time, or as soon as the signal is aborted; never rejects. With 0, as soon as timers and
   * sockets that are due had their turn.
   *
   * @param ms `Infinity` waits for the signal alone.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      // Timers take at most 2^31 - 1 ms, 25 days; whoever sleeps looks again then.
      const timer = setTimeout(done, Math.min(ms, 0x7fff_ffff));
      signal?.addEventListener("abort", done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    });
  },
};
