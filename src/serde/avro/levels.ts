/** A schema whose types lead deeper into each other is refused: it was made to take the stack. */
const MOST_LEVELS = 400;

/**
 * How deep a walk through types is. JSON bounds how deep they stand in each other, but a name leads from any
 * of them to another one.
 */
export class Levels {
  /** Of the type that is walked through. */
  depth = 0;

  /**
   * Walks through a type, one level below the one that is walked through.
   *
   * @throws {RangeError} When that is too deep.
   */
  within<T>(walk: () => T): T {
    if (this.depth === MOST_LEVELS) throw new RangeError(`its types nest deeper than ${MOST_LEVELS} levels`);
    this.depth++;
    try {
      return walk();
    } finally {
      this.depth--;
    }
  }
}
