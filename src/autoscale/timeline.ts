/** A timeline's columns, a row a second or a sample. */
export interface Columns {
  readonly second: ArrayLike<number>;
  /** Replicas that are asked for. */
  readonly replicas: ArrayLike<number>;
  /** Pods that are paid, where those that hand over yet are told of too. */
  readonly pods?: ArrayLike<number>;
  /** Records left to process. */
  readonly lag: ArrayLike<number>;
  /** The age of the oldest of them, in seconds. */
  readonly lagSeconds?: ArrayLike<number>;
}

/** How a timeline went. */
export interface Verdict {
  /** Replicas at its end. */
  readonly replicas: number;
  /** How often the number of replicas changed. */
  readonly changes: number;
  /** How often it turned round: up after down, or down after up. */
  readonly turns: number;
  /** Seconds of replicas, as they are paid. */
  readonly podSeconds: number;
  /** The largest lag, in records. */
  readonly maxLag: number;
  readonly endLag: number;
  /** The age of the oldest record at worst, in seconds; `NaN` where that was not looked at. */
  readonly worstSeconds: number;
  /** What the age is below in 99 of 100 rows. */
  readonly p99Seconds: number;
}

/** Sums up a timeline from a second on. */
export function judge(columns: Columns, fromSecond = 0): Verdict {
  const { second, replicas, pods = replicas, lag, lagSeconds } = columns;
  let from = 0;
  while (from < second.length && second[from]! < fromSecond) from++;
  const end = second.length;
  let changes = 0;
  let turns = 0;
  let last = 0;
  let podSeconds = 0;
  let maxLag = 0;
  for (let i = from; i < end; i++) {
    maxLag = Math.max(maxLag, lag[i]!);
    if (i === from) continue;
    podSeconds += pods[i - 1]! * (second[i]! - second[i - 1]!);
    const change = Math.sign(replicas[i]! - replicas[i - 1]!);
    if (change === 0) continue;
    changes++;
    if (last !== 0 && change !== last) turns++;
    last = change;
  }
  const ages = Float64Array.from(lagSeconds ?? []).slice(from).sort();
  return {
    replicas: replicas[end - 1] ?? 0,
    changes,
    turns,
    podSeconds,
    maxLag,
    endLag: lag[end - 1] ?? 0,
    worstSeconds: ages.at(-1) ?? NaN,
    p99Seconds: ages[Math.ceil(ages.length * 0.99) - 1] ?? NaN,
  };
}
