/** What the page has been told, for as long as the server keeps it too. */

import { partitionName, shortener } from "./format.js";

/** How many lines a chart has at most: so many can be told apart. */
const MOST_LINES = 8;

/** The partitions of a snapshot: what instances own, and what nobody does. */
export function partitionsOf(snapshot) {
  return [...snapshot.instances.flatMap(({ partitions }) => partitions), ...snapshot.unowned ?? []];
}

/** The sum of what is known; undefined when nothing is. */
export function sum(values) {
  const known = values.filter(Number.isFinite);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}

export function most(values) {
  const known = values.filter(Number.isFinite);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** All that is left to process, with that of partitions which are not shown. */
export function lagOf(snapshot) {
  return sum([...partitionsOf(snapshot).map(({ lag }) => lag), snapshot.more?.lag]);
}

/** Snapshots in the order of time. */
export class History {
  #keepMs;
  #lines = new Map();
  snapshots = [];

  constructor(keepMs) {
    this.#keepMs = keepMs;
  }

  /** Adds one; what the server tells again after a break is there already. */
  add(snapshot) {
    if (snapshot.atMs <= (this.last?.atMs ?? 0)) return;
    this.snapshots.push(snapshot);
    const from = snapshot.atMs - this.#keepMs;
    while (this.snapshots[0].atMs < from) this.snapshots.shift();
  }

  get last() {
    return this.snapshots.at(-1);
  }

  /** The time that charts show: at least two minutes, so that the first points are not drawn wide. */
  get span() {
    const to = this.last.atMs;
    return { from: Math.min(this.snapshots[0].atMs, to - 120_000), to };
  }

  /** The snapshot that was the newest at a time. */
  at(ms) {
    return this.snapshots.findLast(({ atMs }) => atMs <= ms) ?? this.snapshots[0];
  }

  /** When instances took over from each other. */
  rebalances() {
    return this.snapshots.filter(({ rebalances }, i) =>
      rebalances > (this.snapshots[i - 1]?.rebalances ?? rebalances)
    ).map(({ atMs }) => atMs);
  }

  /** Each decision once, the newest first, with the count before it. */
  decisions() {
    const found = [];
    for (const { decision } of this.snapshots) {
      const before = found.at(-1);
      if (decision === undefined || (before?.atMs === decision.atMs && before.reason === decision.reason)) {
        continue;
      }
      found.push({ ...decision, before: decision.from ?? before?.replicas });
    }
    return found.reverse();
  }

  /** The lag of each partition as lines of a chart; where there are too many, the longest and the others. */
  lagLines() {
    const highest = new Map();
    const byPartition = this.snapshots.map((snapshot) => {
      const lags = new Map(
        partitionsOf(snapshot).map((each) => [`${each.topic} ${partitionName(each.partition)}`, each.lag]),
      );
      for (const [name, lag] of lags) highest.set(name, Math.max(highest.get(name) ?? 0, lag ?? 0));
      return lags;
    });
    const hasOthers = highest.size > MOST_LINES || this.snapshots.some(({ more }) => more !== undefined);
    const shown = [...highest].sort((a, b) => b[1] - a[1]).slice(0, hasOthers ? MOST_LINES - 1 : MOST_LINES)
      .map(([name]) => name);
    const name = shortener([...highest.keys()].map((key) => key.slice(0, key.lastIndexOf(" "))));
    const lines = this.#placed(shown.sort(byName)).map(({ key, place }) => ({
      name: name(key),
      place,
      values: byPartition.map((lags) => lags.get(key)),
    }));
    if (!hasOthers) return lines;
    const rest = (lags, i) =>
      sum([
        ...[...lags].filter(([key]) => !shown.includes(key)).map(([, lag]) => lag),
        this.snapshots[i].more?.lag,
      ]);
    return [...lines, { name: "all others", place: MOST_LINES - 1, values: byPartition.map(rest) }];
  }

  /** Gives each line a colour that it keeps while it is shown. */
  #placed(keys) {
    for (const key of this.#lines.keys()) if (!keys.includes(key)) this.#lines.delete(key);
    for (const key of keys) {
      if (this.#lines.has(key)) continue;
      const taken = new Set(this.#lines.values());
      this.#lines.set(key, [...Array(MOST_LINES).keys()].find((place) => !taken.has(place)) ?? 0);
    }
    return keys.map((key) => ({ key, place: this.#lines.get(key) }));
  }
}

/** Compares names as people order them: `a-2` is before `a-10`. */
export function byName(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}
