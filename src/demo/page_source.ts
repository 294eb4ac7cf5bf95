/**
 * The demo as a source of the live page: what it sees each second, and what can be changed.
 *
 * @module
 */
import { drainSeconds, known } from "../dashboard/reading.ts";
import type {
  PageDecision,
  PageInstance,
  PagePart,
  PagePartition,
  PageSnapshot,
} from "../dashboard/snapshot.ts";
import { ControlRefused, type PageControl, type PageSource } from "../dashboard/source.ts";
import { SESSIONS_TOPIC } from "../game/topics.ts";
import type { DemoControl } from "./run.ts";
import type { DecisionSnapshot, InstanceSnapshot, PartitionSnapshot, Snapshot } from "./snapshot.ts";

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
  /** The rate that somebody has set by hand. */
  #rate: number | undefined;
  #decision: PageDecision | undefined;
  #waiting: PageSnapshot[] = [];
  #wake = (): void => {};

  constructor({ topology, maxRate, canKill = true, now = Date.now }: DemoPageOptions) {
    this.topology = topology;
    this.#now = now;
    this.control = {
      maxRate,
      setRate: (rate) => {
        this.#running.setRate(rate);
        this.#rate = rate;
      },
      surge: () => this.#by("surge"),
      burst: () => this.#by("burst"),
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
    this.#waiting.push(this.#pageSnapshot(snapshot));
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

  /** A load that somebody asked for goes before the rate that was set. */
  #by(load: "surge" | "burst"): void {
    this.#running[load]();
    this.#rate = undefined;
  }

  #kill(name: string): void {
    if (this.#running.killInstance(name)) return;
    throw new ControlRefused(`Cannot kill ${name}: no such instance runs, or it is going already`);
  }

  #pageSnapshot(seen: Snapshot): PageSnapshot {
    const { phase, wanted, running, rebalances, lastSessions, decision } = seen;
    const atMs = this.#now();
    if (decision !== undefined) this.#decision = pageDecision(atMs, decision);
    const lags = new Map(seen.partitions.map((partition) => [keyOf(partition), partition]));
    const owned = new Set(seen.instances.flatMap(({ partitions }) => partitions.map(keyOf)));
    const rates = {
      in: seen.rates.in,
      processed: seen.rates.out,
      out: seen.rates.sessions,
      target: this.#rate ?? seen.rates.in,
    };
    return {
      atMs,
      phase,
      wanted,
      running,
      rebalances,
      instances: seen.instances.map((instance) => pageInstance(instance, lags)),
      unowned: seen.partitions.filter((each) => !owned.has(keyOf(each))).map(pagePartition),
      rates,
      topics: { ...arrivals(seen.partitions), [SESSIONS_TOPIC]: { in: seen.rates.sessions } },
      sessions: lastSessions,
      ...known({ drainSeconds: drainSeconds(seen.lag, rates), decision: this.#decision }),
    };
  }
}

/** The numbers stand beside the sentence on the page, and need not be in it. */
function pageDecision(atMs: number, { from, to, reason }: DecisionSnapshot): PageDecision {
  return { atMs, from, replicas: to, reason: reason.replace(`${from} → ${to}: `, "") };
}

function keyOf({ topic, partition }: PartitionSnapshot): string {
  return `${topic} ${partition}`;
}

/** The lag is that of the log's ends and the group's commits, which is known whoever has the partition. */
function pageInstance(
  { name, ready, leaving, partitions, capacity, busy, load, out }: InstanceSnapshot,
  lags: ReadonlyMap<string, PartitionSnapshot>,
): PageInstance {
  return {
    name,
    ready: ready && !leaving,
    partitions: partitions.map((each) => pagePartition(lags.get(keyOf(each)) ?? each)),
    ...known({ state: leaving ? "leaving" : ready ? undefined : "starting", load, busy, capacity }),
    processed: out,
  };
}

function pagePartition({ topic, partition, lag, seconds, arrival }: PartitionSnapshot): PagePartition {
  return { topic, partition, ...known({ lag, seconds, arrival }) };
}

/** What arrives in each topic, where it is known of all of its partitions. */
function arrivals(partitions: readonly PartitionSnapshot[]): Record<string, { in?: number }> {
  const sums = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, each]) => {
    const sum = each.reduce((total, { arrival = NaN }) => total + arrival, 0);
    return [topic, Number.isNaN(sum) ? {} : { in: sum }] as const;
  });
  return Object.fromEntries(sums);
}
