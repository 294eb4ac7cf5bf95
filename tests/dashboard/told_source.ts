import type { PageControl, PageSource } from "../../src/dashboard/source.ts";
import type { PageInstance, PagePart, PageSnapshot } from "../../src/dashboard/snapshot.ts";

/** A source that tells what a test tells it. */
export class ToldSource implements PageSource {
  readonly title = "arcade";
  readonly topology: readonly PagePart[] = [{
    id: 0,
    sources: ["GAME-FRAME-RQ", "GAME-FRAME-RS"],
    steps: ["windowed", "joinother", "jointhis", "merge", "flatmapvalues", "aggregate", "tostream"],
    stores: ["requests", "responses", "sessions"],
    sinks: ["SESSIONS"],
  }];
  readonly control?: PageControl;
  /** How often it was asked for its snapshots. */
  asked = 0;
  readonly #waiting: PageSnapshot[] = [];
  #wake = (): void => {};

  constructor(control?: PageControl) {
    if (control !== undefined) this.control = control;
  }

  /** Tells these, to whoever reads. */
  tell(...snapshots: readonly PageSnapshot[]): void {
    this.#waiting.push(...snapshots);
    this.#wake();
  }

  async *snapshots(signal: AbortSignal): AsyncIterable<PageSnapshot> {
    this.asked++;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

/** A snapshot without anything special. */
export function snapshot(atMs: number, more: Partial<PageSnapshot> = {}): PageSnapshot {
  return { atMs, running: 0, instances: [], rates: {}, ...more };
}

/** When the story of {@linkcode surgeAndCalm} ends, in ms since the epoch. */
export const STORY_END_MS: number = Date.UTC(2026, 10, 26, 12, 0, 0);

/** Ten minutes, a snapshot a second: a surge, to which instances are added, which are taken away again. */
export function surgeAndCalm(): PageSnapshot[] {
  let [lag, running, rebalances] = [0, 1, 1];
  let decision = { atMs: STORY_END_MS - 599_000, replicas: 1, reason: "1 instance carries what arrives." };
  return Array.from({ length: 600 }, (_, i) => {
    const atMs = STORY_END_MS - 599_000 + i * 1_000;
    const surges = i >= 120 && i < 380;
    const arrival = (surges ? 30_000 : 8_000) + 600 * Math.sin(i / 9);
    const wanted = Math.min(4, Math.ceil((arrival + lag / 60) / 9_000));
    if (wanted !== decision.replicas && i % 20 === 0) {
      decision = { atMs, replicas: wanted, reason: reasonOf(wanted, arrival) };
    }
    if (running !== decision.replicas && i % 20 === 12) {
      running = decision.replicas;
      rebalances++;
    }
    const processed = Math.min(running * 10_500, arrival + lag);
    lag = Math.max(0, lag + arrival - processed);
    return {
      atMs,
      phase: surges ? "surge" : "calm",
      wanted: decision.replicas,
      running,
      instances: instancesOf(running, lag, arrival, processed),
      rates: { in: arrival, processed, out: processed / 40, target: surges ? 30_000 : 8_000 },
      topics: {
        "GAME-FRAME-RQ": { in: arrival / 2, out: processed / 2 },
        "GAME-FRAME-RS": { in: arrival / 2, out: processed / 2 },
        SESSIONS: { in: processed / 40 },
      },
      ...(processed > arrival ? { drainSeconds: lag / (processed - arrival) } : {}),
      rebalances,
      decision,
      sessions: Array.from({ length: 8 }, (_, n) => `machine-${i * 8 - n}  ${3 + n} hits  ${12 + n} s`),
    };
  });
}

function reasonOf(wanted: number, arrival: number): string {
  const rate = Math.round(arrival).toLocaleString("en-US");
  return `${rate} records a second arrive: ${wanted} of 9,000 each carry them.`;
}

function instancesOf(count: number, lag: number, arrival: number, processed: number): PageInstance[] {
  return Array.from({ length: count }, (_, n) => ({
    name: `streams-${n + 1}`,
    ready: true,
    load: (arrival + lag / 60) / count / 10_500,
    busy: Math.min(1, processed / count / 10_500),
    processed: processed / count,
    partitions: ["GAME-FRAME-RQ", "GAME-FRAME-RS"].flatMap((topic) =>
      [0, 1, 2, 3].filter((partition) => partition % count === n).map((partition) => ({
        topic,
        partition,
        lag: lag / 8 * (1 + (partition - 1.5) / 6),
        seconds: lag / 20_000,
        arrival: arrival / 8,
      }))
    ),
  }));
}
