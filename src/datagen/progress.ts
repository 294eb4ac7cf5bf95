/**
 * What a generator tells while it runs and when it ends.
 *
 * @module
 */
import { showRate } from "./control.ts";
import type { GeneratorStats, GeneratorSummary } from "./generator.ts";

/** Makes a line of progress each time it is asked, from what changed since the last time. */
export class Progress {
  #last = { sent: 0, elapsedMs: 0, retries: 0 };
  /** Records a second that were acknowledged between the last two lines. */
  rate = 0;

  /** A line such as `12s  sent 11,940  rate 1,000/s of 1,000/s  errors 0  queue 5 (1.2 KiB)`. */
  line(stats: GeneratorStats): string {
    const ms = stats.elapsedMs - this.#last.elapsedMs;
    this.rate = ms > 0 ? (stats.sent - this.#last.sent) * 1000 / ms : 0;
    const retried = stats.retries > this.#last.retries;
    const stuck = stats.queued > 0 && stats.sent === this.#last.sent;
    this.#last = { sent: stats.sent, elapsedMs: stats.elapsedMs, retries: stats.retries };
    let line = `${Math.round(stats.elapsedMs / 1000)}s  sent ${number(stats.sent)}  ` +
      `rate ${number(this.rate)}/s of ${rate(stats.targetRate)}  errors ${number(stats.failed)}  ` +
      `queue ${number(stats.queued)} (${kibibytes(stats.queuedBytes)})`;
    if (stats.targetRate === 0) line += "  paused";
    if (stats.retries > 0) line += `  retries ${number(stats.retries)}`;
    // Not when it is over: the reason of a retry long ago would read as if it went on.
    const why = stats.failing ?? (retried ? stats.lastRetry : undefined);
    if (why !== undefined && (retried || stuck)) line += ` (${shortened(why)})`;
    return line;
  }
}

/** The summary in words. */
export function summaryLine(summary: GeneratorSummary): string {
  const seconds = summary.elapsedMs / 1000;
  return `sent ${number(summary.sent)} records (${number(summary.frames)} frames, ${
    number(summary.answered)
  } answered) in ` +
    `${seconds.toFixed(1)} s, ${number(seconds > 0 ? summary.sent / seconds : 0)}/s; ` +
    `seed ${summary.seed}, ${summary.machines} machines; lost ${number(summary.lost)}`;
}

/** The summary for programs; rates in records a second. */
export function summaryJson(summary: GeneratorSummary): Readonly<Record<string, unknown>> {
  const seconds = summary.elapsedMs / 1000;
  return {
    reason: summary.reason,
    frames: summary.frames,
    answered: summary.answered,
    sent: summary.sent,
    lost: summary.lost,
    lostWhy: summary.lostWhy ?? null,
    seconds: Number(seconds.toFixed(3)),
    rate: seconds > 0 ? Math.round(summary.sent / seconds) : 0,
    targetRate: showRate(summary.targetRate),
    retries: summary.retries,
    seed: summary.seed,
    machines: summary.machines,
  };
}

function rate(value: number): string {
  return value === Infinity ? "max" : `${number(value)}/s`;
}

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

function number(value: number): string {
  return (value < 10 ? FINE : WHOLE).format(value);
}

function kibibytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${FINE.format(bytes / 1024)} KiB` : `${FINE.format(bytes / 1024 / 1024)} MiB`;
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
