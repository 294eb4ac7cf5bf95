/**
 * How late the event loop is: Node's `monitorEventLoopDelay` measures nothing in Deno 2.9.
 *
 * @module
 */
import { Histogram, type Registry } from "./prom_client.ts";

/** How often a timer is to fire, in ms: seldom enough that an idle process goes on sleeping. */
const EVERY_MS = 250;
/** Upper bounds of the buckets, in seconds: from what no one notices to what costs a session. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Measures until it is closed. */
export interface EventLoopWatch {
  /** Ends the measuring; what was measured stays. */
  close(): void;
}

/**
 * Registers `kos_event_loop_delay_seconds`: how much later than asked for a timer fires, four times a second.
 * While the loop is blocked nothing is answered either, `/healthz` included.
 *
 * @param now A clock that never goes back, in ms.
 */
export function watchEventLoop(
  registry: Registry,
  now: () => number = () => performance.now(),
): EventLoopWatch {
  const histogram = new Histogram({
    name: "kos_event_loop_delay_seconds",
    help: "How much later than asked for a timer fires, in seconds.",
    buckets: BUCKETS,
    registers: [registry],
  });
  let due = 0;
  let timer: ReturnType<typeof setTimeout>;
  const begin = (): void => {
    due = now() + EVERY_MS;
    timer = setTimeout(fire, EVERY_MS);
    // It must not be what keeps the process alive.
    timer.unref();
  };
  const fire = (): void => {
    histogram.observe(Math.max(0, now() - due) / 1000);
    begin();
  };
  begin();
  return { close: () => clearTimeout(timer) };
}
