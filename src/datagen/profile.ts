/**
 * Load profiles: the rate as a function of time, written in a line.
 *
 * ```text
 * profile = segment { ";" segment } [ ";" "loop" ]
 * segment = "step:" RATE "@" TIME { "," RATE "@" TIME }         each rate for its time
 *         | "ramp:" RATE ".." RATE "/" TIME                     from one rate straight to the other
 *         | "sine:" RATE ("±" | "+-") RATE "/" TIME [FOR]       mean ± amplitude / period
 *         | "burst:" RATE "+" RATE "/" TIME "every" TIME [FOR]  base + extra for a time of each period
 * FOR     = "for" TIME
 * RATE    = records a second, such as 5000 or 0.5; in steps also "max"
 * TIME    = 500ms, 30s, 2m, 1m30s
 * ```
 *
 * A sine begins at its mean and rises, and never goes below 0; a burst comes at the end of each period.
 *
 * A sine or burst without `for` goes on for ever, so it can only be the last segment of a profile that does
 * not loop. At the end of a profile its last rate stays.
 *
 * @module
 */
import { formatDuration, parseDuration, parseRate } from "../cli/parsers.ts";

/** A text that is no profile. The message says which part, and what it may be. */
export class ProfileError extends Error {
  override name = "ProfileError";
}

interface Segment {
  /** How long the segment is, in ms; `Infinity` when it goes on for ever. */
  readonly lengthMs: number;
  /** After what time it repeats, in ms, where it goes on for ever. */
  readonly periodMs?: number;
  /** The rate at a time since the segment's begin, up to and including its end. */
  rateAt(ms: number): number;
}

/** Rates over time, which a generator plays. */
export interface PlayedProfile {
  /** The profile as it was written. */
  readonly text: string;
  /**
   * How long it takes until the last rate is reached and stays, in ms; `Infinity` when the profile goes on
   * for ever.
   */
  readonly lengthMs: number;
  /** Records a second at a time since the profile's begin in ms; `Infinity` for max. */
  rateAt(ms: number): number;
}

/** A parsed profile. */
export interface Profile extends PlayedProfile {
  /** From when on it repeats, and after what time, in ms; a rate that stays repeats each second. */
  readonly repeats: { readonly fromMs: number; readonly periodMs: number };
}

/**
 * Parses a profile.
 *
 * @throws {ProfileError} Naming the part that can't be read.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseProfile } from "./profile.ts";
 *
 * const profile = parseProfile("step:1000@30s; ramp:1000..5000/10s");
 * const rates = [0, 29_999, 35_000, 40_000, 99_000].map((ms) => profile.rateAt(ms));
 * assertEquals(rates, [1000, 1000, 3000, 5000, 5000]);
 * ```
 */
export function parseProfile(text: string): Profile {
  if (text.length > LONGEST) {
    throw new ProfileError(
      `Cannot read the profile: received ${text.length} characters; allowed are ${LONGEST}`,
    );
  }
  const parts = splitParts(text);
  const loop = parts.at(-1)?.text === "loop";
  if (loop) parts.pop();
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    const where = `part ${index + 1} (character ${part.at + 1})`;
    const parsed = parseSegment(part.text, where);
    const last = index === parts.length - 1;
    if (parsed.some((segment) => segment.lengthMs === Infinity) && (loop || !last)) {
      throw new ProfileError(
        `Cannot read the profile: received '${part.text}' in ${where}, which goes on for ever, before ` +
          `${last ? "'loop'" : "another part"}; say for how long, such as '${part.text} for 5m'`,
      );
    }
    segments.push(...parsed);
  }
  if (segments.length === 0) {
    throw new ProfileError(`Cannot read the profile: received '${text}'; expected parts such as ${EXAMPLES}`);
  }
  const lengthMs = segments.reduce((sum, segment) => sum + segment.lengthMs, 0);
  return {
    text: text.trim(),
    lengthMs: loop ? Infinity : lengthMs,
    repeats: loop ? { fromMs: 0, periodMs: lengthMs } : repetition(segments),
    rateAt(ms) {
      let left = Math.max(0, loop ? ms % lengthMs : ms);
      for (const segment of segments) {
        if (left < segment.lengthMs) return segment.rateAt(left);
        left -= segment.lengthMs;
      }
      const last = segments.at(-1)!;
      return last.rateAt(last.lengthMs);
    },
  };
}

function repetition(segments: readonly Segment[]): Profile["repeats"] {
  const finite = segments.filter(({ lengthMs }) => lengthMs < Infinity);
  const fromMs = finite.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  const periodMs = finite.length < segments.length ? segments.at(-1)!.periodMs! : 1_000;
  return { fromMs, periodMs };
}

/** In characters: what is no profile takes time by the square of its length to be refused. */
const LONGEST = 10_000;

const EXAMPLES =
  "step:1000@30s,5000@30s; ramp:0..20000/60s; sine:5000+-4000/120s; burst:1000+20000/5s every 60s";

function splitParts(text: string): { text: string; at: number }[] {
  const parts: { text: string; at: number }[] = [];
  let at = 0;
  for (const raw of text.split(";")) {
    const trimmed = raw.trim();
    if (trimmed !== "") parts.push({ text: trimmed, at: at + raw.indexOf(trimmed) });
    at += raw.length + 1;
  }
  return parts;
}

interface Kind {
  readonly shape: string;
  /**
   * `undefined` when the body does not have the shape; throws a {@linkcode Piece} when a piece of it is
   * wrong.
   */
  parse(body: string): Segment[] | undefined;
}

const KINDS: Readonly<Record<string, Kind>> = {
  step: {
    shape: "step:RATE@TIME,RATE@TIME,… such as step:1000@30s,5000@30s",
    parse: (body) => {
      const steps = body.split(",").map((step) => {
        const match = /^\s*([^@]+?)\s*@\s*([^@]+?)\s*$/.exec(step);
        if (!match) throw new Piece(`'${step.trim()}' is no RATE@TIME`);
        const rate = readRate(match[1]!, true);
        return { lengthMs: readTime(match[2]!), rateAt: () => rate };
      });
      return steps;
    },
  },
  ramp: {
    shape: "ramp:FROM..TO/TIME such as ramp:0..20000/60s",
    parse: (body) => {
      const match = /^(.+?)\.\.(.+?)\/(.+)$/.exec(body);
      if (!match) return undefined;
      const [from, to] = [readRate(match[1]!), readRate(match[2]!)];
      const lengthMs = readTime(match[3]!);
      return [{ lengthMs, rateAt: (ms) => from + (to - from) * ms / lengthMs }];
    },
  },
  sine: {
    shape: "sine:MEAN+-AMPLITUDE/PERIOD [for TIME] such as sine:5000+-4000/120s",
    parse: (body) => {
      const match = /^(.+?)(?:±|\+-)(.+?)\/(.+?)(?:\s+for\s+(.+))?$/.exec(body);
      if (!match) return undefined;
      const [mean, amplitude] = [readRate(match[1]!), readRate(match[2]!)];
      const period = readTime(match[3]!);
      return [{
        lengthMs: match[4] === undefined ? Infinity : readTime(match[4]),
        periodMs: period,
        rateAt: (ms) => Math.max(0, mean + amplitude * Math.sin(2 * Math.PI * ms / period)),
      }];
    },
  },
  burst: {
    shape: "burst:BASE+EXTRA/TIME every PERIOD [for TIME] such as burst:1000+20000/5s every 60s",
    parse: (body) => {
      const match = /^(.+?)\+(.+?)\/(.+?)\s+every\s+(.+?)(?:\s+for\s+(.+))?$/.exec(body);
      if (!match) return undefined;
      const [base, extra] = [readRate(match[1]!), readRate(match[2]!)];
      const [length, period] = [readTime(match[3]!), readTime(match[4]!)];
      if (length >= period) {
        throw new Piece(
          `the burst of ${formatDuration(length)} is not shorter than its period of ${
            formatDuration(period)
          }`,
        );
      }
      return [{
        lengthMs: match[5] === undefined ? Infinity : readTime(match[5]),
        periodMs: period,
        rateAt: (ms) => ms % period < period - length ? base : base + extra,
      }];
    },
  },
};

/** What is wrong with a piece of a segment. */
class Piece extends Error {}

function parseSegment(text: string, where: string): Segment[] {
  const fail = (expected: string, why = ""): never => {
    throw new ProfileError(
      `Cannot read the profile: received '${text}' in ${where}${
        why === "" ? "" : `: ${why}`
      }; expected ${expected}`,
    );
  };
  const colon = text.indexOf(":");
  const kind = Object.hasOwn(KINDS, text.slice(0, Math.max(0, colon)).trim())
    ? KINDS[text.slice(0, colon).trim()]
    : undefined;
  if (!kind) return fail("step:…, ramp:…, sine:… or burst:…, or loop at the end");
  try {
    return kind.parse(text.slice(colon + 1).trim()) ?? fail(kind.shape);
  } catch (error) {
    if (!(error instanceof Piece)) throw error;
    return fail(kind.shape, error.message);
  }
}

function readRate(text: string, orMax = false): number {
  const rate = parseRate(text.trim());
  if (rate === undefined || (rate === Infinity && !orMax)) {
    throw new Piece(
      `'${text.trim()}' is no rate${rate === Infinity ? " with an end; only steps can be max" : ""}`,
    );
  }
  return rate;
}

function readTime(text: string): number {
  const ms = parseDuration(text.trim());
  if (ms === undefined || ms === 0) throw new Piece(`'${text.trim()}' is no time such as 30s`);
  return ms;
}
