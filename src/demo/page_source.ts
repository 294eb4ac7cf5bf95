/**
 * The demo as a source of the live page: what it sees each second, and what can be changed.
 *
 * @module
 */
import { drainSeconds, known } from "../dashboard/reading.ts";
import type { PageDecision, PagePart, PageSnapshot } from "../dashboard/snapshot.ts";
import { ControlRefused, type PageControl, type PageSource } from "../dashboard/source.ts";
import { SESSIONS_TOPIC } from "../game/topics.ts";
import { withoutCounts } from "../scaling/advised_source.ts";
import { groupLook } from "./group_look.ts";
import type { DemoControl } from "./run.ts";
import type { DecisionSnapshot, PartitionSnapshot, Snapshot } from "./snapshot.ts";

/** Settings of {@linkcode DemoPageSource}. */
export interface DemoPageOptions {
  readonly topology: readonly PagePart[];
  /** The slider's end, in records a second. */
  readonly maxRate: number;
  /** Whether an instance can be killed: one in this process can't. Default `true`. */
  readonly canKill?: boolean;
  /** The time on the wall, in ms. Default `Date.now`. */
  readonly now?: () => number;
}

/** Told of each of the demo's snapshots, it gives them to the page that reads it. */
export class DemoPageSource implements PageSource {
  readonly title = "kos demo";
  readonly topology: readonly PagePart[];
  readonly control: PageControl;
  readonly #now: () => number;
  #demo: DemoControl | undefined;
  #decision: PageDecision | undefined;
  #waiting: PageSnapshot[] = [];
  #wake = (): void => {};

  constructor({ topology, maxRate, canKill = true, now = Date.now }: DemoPageOptions) {
    this.topology = topology;
    this.#now = now;
    this.control = {
      maxRate,
      setRate: (rate) => this.#running.setRate(rate),
      surge: () => this.#running.surge(),
      burst: () => this.#running.burst(),
      addInstance: () => {
        if (this.#running.addInstance()) return;
        throw new ControlRefused("Cannot add an instance: there are as many as may be");
      },
      ...(canKill ? { killInstance: (name: string) => this.#kill(name) } : {}),
    };
  }

  /** Takes what the demo saw. */
  tell(snapshot: Snapshot, control: DemoControl): void {
    this.#demo = control;
    this.#waiting.push(this.#pageSnapshot(snapshot, control.rate()));
    this.#wake();
  }

  async *snapshots(signal: AbortSignal): AsyncIterable<PageSnapshot> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  get #running(): DemoControl {
    if (this.#demo !== undefined) return this.#demo;
    throw new ControlRefused("Cannot change anything: the demo has not begun yet");
  }

  #kill(name: string): void {
    if (this.#running.killInstance(name)) return;
    throw new ControlRefused(`Cannot kill ${name}: no such instance runs, or it is going already`);
  }

  #pageSnapshot(seen: Snapshot, target: number): PageSnapshot {
    const { phase, wanted, rebalances, lastSessions, decision } = seen;
    const atMs = this.#now();
    if (decision !== undefined) this.#decision = pageDecision(atMs, decision);
    const rates = {
      in: seen.rates.in,
      processed: seen.rates.out,
      out: seen.rates.sessions,
      target,
    };
    return {
      atMs,
      phase,
      wanted,
      rebalances,
      ...groupLook(seen),
      rates,
      topics: { ...arrivals(seen.partitions), [SESSIONS_TOPIC]: { in: seen.rates.sessions } },
      sessions: lastSessions,
      ...known({ drainSeconds: drainSeconds(seen.lag, rates), decision: this.#decision }),
    };
  }
}

function pageDecision(atMs: number, { from, to, reason }: DecisionSnapshot): PageDecision {
  return { atMs, from, replicas: to, reason: withoutCounts(reason) };
}

/** What arrives in each topic, where it is known of all of its partitions. */
function arrivals(partitions: readonly PartitionSnapshot[]): Record<string, { in?: number }> {
  const sums = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, each]) => {
    const sum = each.reduce((total, { arrival = NaN }) => total + arrival, 0);
    return [topic, Number.isNaN(sum) ? {} : { in: sum }] as const;
  });
  return Object.fromEntries(sums);
}
