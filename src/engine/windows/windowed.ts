import { DeserializationError, type Serde, serdeAround } from "../../serde/serde.ts";
import {
  getTime,
  putSession,
  putTime,
  SESSION_BYTES,
  sessionEnd,
  sessionStart,
  TIME_BYTES,
} from "./time_bytes.ts";

/**
 * A key within a window of time: the key of a windowed table.
 *
 * Whether `endMs` itself is inside depends on the windows: not for tumbling and hopping ones, but for sliding
 * and session ones.
 */
export class Windowed<K> {
  /** The key without its window. */
  readonly key: K;
  /** Where the window begins, in ms since the epoch; inclusive. */
  readonly startMs: number;
  /** Where it ends, in ms since the epoch. */
  readonly endMs: number;

  /** Takes the window's bounds as they are, in ms since the epoch. */
  constructor(key: K, startMs: number, endMs: number) {
    this.key = key;
    this.startMs = startMs;
    this.endMs = endMs;
  }
}

/**
 * Windowed keys of a fixed size, as Kafka Streams' `TimeWindowedSerializer` writes them: the key's bytes,
 * then the start of the window (8 bytes, big-endian).
 *
 * @param sizeMs The size of the windows, in ms: for sliding windows their time difference.
 *
 * @example
 * ```ts
 * import { int64Serde, StreamsBuilder, stringSerde, TimeWindows, windowedSerde } from "../../../mod.ts";
 *
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("words", text)
 *   .groupByKey(text)
 *   .windowedBy(TimeWindows.ofSizeAndGrace(60_000, 10_000))
 *   .count()
 *   .toStream()
 *   .to("counts", { key: windowedSerde(stringSerde(), 60_000), value: int64Serde() });
 * ```
 */
export function windowedSerde<K>(key: Serde<K>, sizeMs: number): Serde<Windowed<K>> {
  if (!(sizeMs >= 0)) {
    throw new RangeError(
      `Cannot make a serde of windowed keys: received a size of ${sizeMs} ms; it must not be negative`,
    );
  }
  return serdeAround(key, (bound) => ({
    encode(windowed, into, at) {
      const end = bound.encode(windowed.key, into, at);
      if (end < 0) return end - TIME_BYTES;
      if (end + TIME_BYTES > into.length) return into.length - end - TIME_BYTES;
      return putTime(into, end, windowed.startMs);
    },
    decode(bytes, from, to) {
      const keyEnd = keyEndOf(from, to, TIME_BYTES);
      const startMs = exact(getTime(bytes, keyEnd));
      return new Windowed(bound.decode(bytes, from, keyEnd), startMs, startMs + sizeMs);
    },
  }));
}

/**
 * Windowed keys of sessions, as Kafka Streams' `SessionWindowedSerializer` writes them: the key's bytes, then
 * the end and the start of the session (8 bytes each, big-endian).
 */
export function sessionWindowedSerde<K>(key: Serde<K>): Serde<Windowed<K>> {
  return serdeAround(key, (bound) => ({
    encode(windowed, into, at) {
      const end = bound.encode(windowed.key, into, at);
      if (end < 0) return end - SESSION_BYTES;
      if (end + SESSION_BYTES > into.length) return into.length - end - SESSION_BYTES;
      return putSession(into, end, windowed.startMs, windowed.endMs);
    },
    decode(bytes, from, to) {
      const keyEnd = keyEndOf(from, to, SESSION_BYTES);
      return new Windowed(
        bound.decode(bytes, from, keyEnd),
        exact(sessionStart(bytes, keyEnd)),
        exact(sessionEnd(bytes, keyEnd)),
      );
    },
  }));
}

/** The time of a window, which a number has to hold: another one would be written as another window. */
function exact(timeMs: number): number {
  if (Number.isSafeInteger(timeMs)) return timeMs;
  throw new DeserializationError(
    `Cannot decode a windowed key: received a time of about ${timeMs} ms; ` +
      "allowed are up to 2^53 - 1 either way",
  );
}

function keyEndOf(from: number, to: number, suffix: number): number {
  if (to - from < suffix) {
    throw new DeserializationError(
      `Cannot decode a windowed key: received ${to - from} bytes; its times alone have ${suffix}`,
    );
  }
  return to - suffix;
}
