/** A topology that can't run: refused before it starts. The message names what is wrong and the remedy. */
export class TopologyError extends Error {
  override name = "TopologyError";
}

/** The processing of a record failed for good: nothing after it was committed. */
export class ProcessingError extends Error {
  override name = "ProcessingError";
}
