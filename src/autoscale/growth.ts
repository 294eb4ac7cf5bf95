import type { InstanceView, Snapshot } from "./snapshot.ts";

/** What an instance had at the last look. */
interface Seen {
  readonly lag: number;
  readonly partitions: string;
}

/**
 * What comes in now: an arrival that is averaged over a minute tells of a surge a minute late. An instance
 * that processes what it does and whose lag grows beside gets the sum of both.
 */
export class Growth {
  /** Whether lag has begun to grow since the last look but one: the last look tells of a part of it only. */
  begins = false;
  #grew = false;
  #seen = new Map<string, Seen>();
  #atMs = 0;

  /** By what each instance's arrival is more than it says, by its name; who gets no more is left out. */
  observe({ atMs, instances }: Snapshot): Map<string, number> {
    const seconds = (atMs - this.#atMs) / 1_000;
    const factors = new Map<string, number>();
    const seen = new Map<string, Seen>();
    for (const instance of instances) {
      const now = seenOf(instance);
      if (now === undefined) continue;
      seen.set(instance.name, now);
      const before = this.#seen.get(instance.name);
      if (before === undefined || before.partitions !== now.partitions || seconds <= 0) continue;
      const factor = factorOf(instance, (now.lag - before.lag) / seconds);
      if (factor > 1) factors.set(instance.name, factor);
    }
    this.begins = factors.size > 0 && !this.#grew;
    this.#grew = factors.size > 0;
    this.#seen = seen;
    this.#atMs = atMs;
    return factors;
  }
}

function factorOf({ partitions, capacity, busy }: InstanceView, growth: number): number {
  const told = partitions.reduce((sum, { arrival }) => sum + (arrival ?? 0), 0);
  if (growth <= 0 || told <= 0 || capacity === undefined || busy === undefined) return 1;
  return (Math.min(1, busy) * capacity + growth) / told;
}

/** `undefined` where the lag of a partition is not known, or nothing is owned. */
function seenOf({ ready, partitions }: InstanceView): Seen | undefined {
  if (!ready || partitions.length === 0) return undefined;
  let sum = 0;
  for (const { lag } of partitions) {
    if (lag === undefined) return undefined;
    sum += lag;
  }
  return { lag: sum, partitions: partitions.map(({ topic, partition }) => `${topic}/${partition}`).join() };
}
