/** What the page has been told, for as long as the server keeps it too. */

import { isKnown, partitionName, shortener } from "./format.js";

/** @import { PageDecision, SentSnapshot } from "../snapshot.ts" */
/** @import { Line } from "./chart.js" */

/** How many lines a chart has at most: so many can be told apart. */
const MOST_LINES = 8;

/**
 * The partitions of a snapshot: what instances own, and what nobody does.
 *
 * @param {SentSnapshot} snapshot
 */
export function partitionsOf(snapshot) {
  return [...snapshot.instances.flatMap(({ partitions }) => partitions), ...snapshot.unowned ?? []];
}

/**
 * The sum of what is known; undefined when nothing is.
 *
 * @param {readonly (number | undefined)[]} values
 */
export function sum(values) {
  const known = values.filter(isKnown);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}

/**
 * The most of what is known; undefined when nothing is.
 *
 * @param {readonly (number | undefined)[]} values
 */
export function most(values) {
  const known = values.filter(isKnown);
  return known.length === 0 ? undefined : Math.max(...known);
}

/**
 * All that is left to process, with that of partitions which are not shown.
 *
 * @param {SentSnapshot} snapshot
 */
export function lagOf(snapshot) {
  return sum([...partitionsOf(snapshot).map(({ lag }) => lag), snapshot.more?.lag]);
}

/** Snapshots in the order of time. */
export class History {
  #keepMs;
  #places = new Places();
  /** @type {SentSnapshot[]} */
  snapshots = [];

  /** @param {number} keepMs */
  constructor(keepMs) {
    this.#keepMs = keepMs;
  }

  /**
   * Adds one; what the server tells again after a break is there already.
   *
   * @param {SentSnapshot} snapshot
   */
  add(snapshot) {
    if (snapshot.atMs <= (this.last?.atMs ?? 0)) return;
    this.snapshots.push(snapshot);
    const from = snapshot.atMs - this.#keepMs;
    this.snapshots.splice(0, this.snapshots.findIndex(({ atMs }) => atMs >= from));
  }

  get last() {
    return this.snapshots.at(-1);
  }

  /** The time that charts show: at least two minutes, so that the first points are not drawn wide. */
  get span() {
    const to = this.last?.atMs ?? 0;
    return { from: Math.min(this.snapshots[0]?.atMs ?? to, to - 120_000), to };
  }

  /**
   * The snapshot that was the newest at a time.
   *
   * @param {number} ms
   */
  at(ms) {
    return this.snapshots.findLast(({ atMs }) => atMs <= ms) ?? this.snapshots[0];
  }

  /** When instances took over from each other. */
  rebalances() {
    return this.snapshots.filter(({ rebalances }, i) =>
      rebalances !== undefined && rebalances > (this.snapshots[i - 1]?.rebalances ?? rebalances)
    ).map(({ atMs }) => atMs);
  }

  /** Each decision once, the newest first, with the count before it. */
  decisions() {
    /** @type {(PageDecision & { readonly before: number | undefined })[]} */
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

  /**
   * The lag of each partition as lines of a chart; where there are too many, the longest and the others.
   *
   * @returns {Line[]}
   */
  lagLines() {
    /** @type {Map<string, number>} */
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
    const lines = this.#places.of(shown.sort(byName)).map(({ key, place }) => ({
      name: name(key),
      place,
      values: byPartition.map((lags) => lags.get(key)),
    }));
    if (!hasOthers) return lines;
    /** @type {(lags: Map<string, number | undefined>, i: number) => number | undefined} */
    const rest = (lags, i) =>
      sum([
        ...[...lags].filter(([key]) => !shown.includes(key)).map(([, lag]) => lag),
        this.snapshots[i]?.more?.lag,
      ]);
    return [...lines, { name: "all others", place: MOST_LINES - 1, values: byPartition.map(rest) }];
  }
}

/** Gives each line a colour that it keeps while it is shown. */
export class Places {
  /** @type {Map<string, number>} */
  #places = new Map();

  /** @param {readonly string[]} keys All that are shown. */
  of(keys) {
    for (const key of this.#places.keys()) if (!keys.includes(key)) this.#places.delete(key);
    for (const key of keys) {
      if (this.#places.has(key)) continue;
      const taken = new Set(this.#places.values());
      this.#places.set(key, [...Array(MOST_LINES).keys()].find((place) => !taken.has(place)) ?? 0);
    }
    return keys.map((key) => ({ key, place: this.#places.get(key) ?? 0 }));
  }
}

/**
 * Compares names as people order them: `a-2` is before `a-10`.
 *
 * @param {string} a
 * @param {string} b
 */
export function byName(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}
