/**
 * What happens with records that can't be processed.
 *
 * @module
 */

/** A record that could not be decoded. */
export interface UndecodableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Which part it is. */
  readonly part: "key" | "value";
  readonly error: unknown;
}

/** Decides about a record that can't be decoded: `continue` drops and counts it, `fail` stops the application before it. */
export type DeserializationHandler = (record: UndecodableRecord) => "continue" | "fail";

/** Where the engine says what a person should know. One line each. */
export interface EngineLogger {
  info(message: string): void;
  warn(message: string): void;
}

/** Drops undecodable records and logs them: the first at once, then at most one line a second with how many there were. */
export function logAndContinue(logger: EngineLogger, now: () => number): DeserializationHandler {
  let silentUntil = 0;
  let unsaid = 0;
  return ({ topic, partition, offset, part, error }) => {
    unsaid++;
    if (now() >= silentUntil) {
      const more = unsaid > 1 ? ` (${unsaid - 1} more since the last such line)` : "";
      logger.warn(
        `Dropped the record at offset ${offset} of ${topic}-${partition}: its ${part} is undecodable: ${
          text(error)
        }${more}`,
      );
      silentUntil = now() + 1000;
      unsaid = 0;
    }
    return "continue";
  };
}

/** Stops the application at the first undecodable record. */
export function logAndFail(): DeserializationHandler {
  return () => "fail";
}

/** An error's message, for a line of log. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
