/**
 * What a group's coordinator or leader handed over, and this member does not take.
 *
 * @module
 */

/** An assignment, or a group, that this member has no part in. The message says what was received, from whom, and what to do. */
export class AssignmentRefused extends Error {
  override name = "AssignmentRefused";
}
