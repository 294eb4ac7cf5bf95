/** A topology that can't run: refused before it starts. The message names what is wrong and the remedy. */
export class TopologyError extends Error {
  /** How logs name the error. */
  override name = "TopologyError";
}

/** The processing of a record failed for good: nothing after it was committed. */
export class ProcessingError extends Error {
  /** How logs name the error. */
  override name = "ProcessingError";
}

/**
 * An instance holds more state than it may ({@linkcode StreamsConfig.stateMaxBytes}). The message names the
 * stores and the remedies.
 */
export class StateFullError extends Error {
  /** How logs name the error. */
  override name = "StateFullError";
}
