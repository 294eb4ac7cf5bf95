import { mostPartitions, usableShare } from "./counts.ts";
import { sharesOf } from "./queues.ts";
import type { Simulation } from "./simulator.ts";

/**
 * What makes a simulation hopeless before it runs: more comes for ever than the most pods can process.
 *
 * @returns The sentence that says so; `undefined` where nothing does.
 */
export function impossible(settings: Simulation, maxReplicas: number): string | undefined {
  const { capacity, partitions, skew, repeats, seconds, load } = settings;
  for (let second = 0; second < seconds; second++) {
    if (load(second) === Infinity) return "a rate of max, for which there is no number";
  }
  if (repeats === undefined) return undefined;
  const period = Math.max(1, Math.round(repeats.periodSeconds));
  const mean = meanOf(load, Math.ceil(repeats.fromSecond), period);
  const carried = maxReplicas * usableShare(partitions, maxReplicas) * capacity;
  if (mean > carried) {
    return `${text(mean)} records/s for ever, where ${maxReplicas} pods of ${
      text(capacity)
    } process no more than ` +
      `${text(carried)} (one of them has ${
        mostPartitions(partitions, maxReplicas)
      } of ${partitions} partitions)`;
  }
  const hottest = mean * sharesOf(partitions, skew)[0]!;
  if (hottest <= capacity) return undefined;
  return `${text(hottest)} records/s for ever in partition 0, where a pod processes ${
    text(capacity)
  }: no number ` +
    "of pods helps that";
}

function meanOf(load: (second: number) => number, from: number, seconds: number): number {
  let sum = 0;
  for (let second = from; second < from + seconds; second++) sum += load(second);
  return sum / seconds;
}

function text(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
